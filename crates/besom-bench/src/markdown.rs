//! Tables in Markdown, whose columns are aligned as text too.

/// A table; all but its first column stand to the right.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        // A bar would end a cell.
        self.rows.push(cells.into_iter().map(|cell| cell.into().replace('|', "\\|")).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let length =
            |cells: &Vec<String>, column: usize| cells.get(column).map_or(0, |cell| cell.chars().count());
        let width = |column| lines().map(|cells| length(cells, column)).max().unwrap_or(0).max(3);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        for (place, cells) in lines().enumerate() {
            for (column, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
                if column == 0 { write!(f, "| {cell:<width$} |")? } else { write!(f, " {cell:>width$} |")? }
            }
            writeln!(f)?;
            if place == 0 {
                write!(f, "|:{}-|", "-".repeat(widths[0]))?;
                widths[1..].iter().try_for_each(|&width| write!(f, "-{}:|", "-".repeat(width)))?;
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// `0.123`, with a sign if asked for one; -0.000 is 0.000.
pub(crate) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.trim_start_matches(['-', '0', '.']).is_empty() {
        true => text.trim_start_matches('-').to_owned(),
        false => text,
    }
}

/// A share of a difference: `+0.123`.
pub(crate) fn signed(value: f64) -> String {
    let text = fixed(value, 3);
    if text.starts_with('-') || text == "0.000" { text } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["method", "score"]);
        table.row(["a|b", "0.5"]);
        table.row(["long name", "-1"]);
        let text =
            "| method    | score |\n|:----------|------:|\n| a\\|b      |   0.5 |\n| long name |    -1 |\n";
        assert_eq!(table.to_string(), text);
    }

    #[test]
    fn nothing_has_no_sign() {
        assert_eq!(
            [signed(-0.0001), signed(0.0), signed(0.25), signed(-0.25)],
            ["0.000", "0.000", "+0.250", "-0.250"]
        );
    }
}
