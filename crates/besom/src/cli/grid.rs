//! A table of runs or sweeps that fits the terminal: columns that do not fit are left out and named, none wraps.

use crate::cli::text::{Line, Paint, cut, one_line, pad, pad_left, width};

/// Blanks between columns.
const GAP: usize = 2;

/// The most columns of the terminal that a cell gets in a table that has to fit.
const WIDEST: usize = 32;

/// A column with its cells.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    title: String,
    cells: Vec<String>,
    is_right: bool,
    /// Columns of a high rank are left out first; 0 is never left out.
    rank: u8,
}

impl Column {
    /// A column of texts.
    pub(crate) fn text(title: &str, cells: Vec<String>) -> Self {
        let cells = cells.iter().map(|cell| one_line(cell)).collect();
        Self { title: one_line(title), cells, is_right: false, rank: 0 }
    }

    /// A column of numbers, to the right.
    pub(crate) fn right(title: &str, cells: Vec<String>) -> Self {
        Self { is_right: true, ..Self::text(title, cells) }
    }

    /// The same, left out where there is no room, those of a higher rank first.
    pub(crate) fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    fn width(&self, most: usize) -> usize {
        let widest = self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
        widest.max(width(&self.title)).min(most)
    }

    fn cell(&self, text: &str, columns: usize) -> String {
        let text = cut(text, columns);
        if self.is_right { pad_left(&text, columns) } else { pad(&text, columns) }
    }
}

/// A table as lines, and the titles of the columns that do not fit into `columns`.
pub(crate) fn fit(
    mut table: Vec<Column>,
    columns: usize,
    paint: impl Fn(usize, &str) -> Paint,
) -> (Vec<Line>, Vec<String>) {
    let most = if columns == usize::MAX { usize::MAX } else { WIDEST };
    let mut dropped = Vec::new();
    let needed = |table: &[Column]| table.iter().map(|column| column.width(most) + GAP).sum::<usize>();
    while needed(&table) > columns.saturating_add(1) {
        let ranks = table.iter().enumerate().filter(|(_, column)| column.rank > 0);
        // Of equals the last one goes.
        let Some((at, _)) = ranks.max_by_key(|(at, column)| (column.rank, *at)) else { break };
        dropped.insert(0, table.remove(at).title);
    }
    let widths: Vec<usize> = table.iter().map(|column| column.width(most)).collect();
    let rows = table.first().map_or(0, |column| column.cells.len());
    let header = row(&table, &widths, |column| &column.title, |_| Paint::Dim);
    let body = (0..rows).map(|at| row(&table, &widths, |column| &column.cells[at], |title| paint(at, title)));
    let lines = std::iter::once(header).chain(body).map(|line| line.cut(columns)).collect();
    (lines, dropped)
}

fn row<'a>(
    table: &'a [Column],
    widths: &[usize],
    cell: impl Fn(&'a Column) -> &'a String,
    paint: impl Fn(&str) -> Paint,
) -> Line {
    let mut line = Line::default();
    for (at, (column, columns)) in table.iter().zip(widths).enumerate() {
        let gap = if at == 0 { " " } else { "  " };
        let text = format!("{gap}{}", column.cell(cell(column), *columns));
        let text = if at + 1 == table.len() { text.trim_end() } else { &text };
        line = line.and(paint(&column.title), text);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(columns: usize) -> (Vec<String>, Vec<String>) {
        let cells = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let table = vec![
            Column::right("run", cells(["1", "10"])),
            Column::right("loss", cells(["0.5", "0.25"])),
            Column::text("lr", cells(["0.1", "0.01"])).rank(1),
            Column::text("name", cells(["a\nb", "c"])).rank(2),
        ];
        let (lines, dropped) = fit(table, columns, |_, _| Paint::Plain);
        (
            lines.iter().map(|line| anstream::adapter::strip_str(&line.to_string()).to_string()).collect(),
            dropped,
        )
    }

    #[test]
    fn columns_that_do_not_fit_are_left_out_and_named() {
        let (lines, dropped) = texts(80);
        assert_eq!(lines, [" run  loss  lr    name", "   1   0.5  0.1   a b", "  10  0.25  0.01  c"]);
        assert!(dropped.is_empty());
        let (lines, dropped) = texts(18);
        assert_eq!(lines[0], " run  loss  lr");
        assert_eq!(dropped, ["name"]);
        assert_eq!(texts(5).1, ["lr", "name"]);
        assert!(texts(5).0.iter().all(|line| line.len() <= 5));
    }
}
