//! The font: how wide texts are, and their outlines. Glyphs stand at fractions of a pixel and are kerned: at whole pixels
//! the gaps between letters differ.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point};
use tiny_skia::{Path, PathBuilder};

static SANS: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(dejavu::sans::regular()).expect("the crate holds a font, which a test reads")
});

/// The families that a viewer of SVG looks for, ours first; the others are about as wide.
pub(crate) const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

/// The middle of capitals and digits above the baseline, as a share of the text's height.
pub(crate) const MIDDLE: f64 = 0.36;

/// The width of a text in pixels at this height.
pub(crate) fn width(text: &str, size: u32) -> f64 {
    laid_out(text).1 * f64::from(size)
}

/// The text, shortened to this many pixels at this height.
pub(crate) fn fit(text: &str, size: u32, room: f64) -> String {
    let (glyphs, end) = laid_out(text);
    let room = room / f64::from(size);
    if end <= room {
        return text.to_owned();
    }
    let kept = room - laid_out("…").1;
    // A letter ends where the next one begins.
    let ends = glyphs.iter().skip(1).map(|(_, x)| *x);
    let count = ends.take_while(|end| *end <= kept).count();
    text.chars().take(count).chain(['…']).collect()
}

/// The outline of a text from the origin, which lies on the baseline; nothing for blanks.
pub(crate) fn outline(text: &str, size: u32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let scale = f64::from(size) / em();
    for (id, x) in laid_out(text).0 {
        let Some(outline) = SANS.outline(id) else { continue };
        let left = x * f64::from(size);
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        let at = |p: Point| ((left + f64::from(p.x) * scale) as f32, (-f64::from(p.y) * scale) as f32);
        outline.curves.iter().for_each(|curve| follow(&mut path, curve, at));
    }
    path.finish()
}

fn follow(path: &mut PathBuilder, curve: &OutlineCurve, at: impl Fn(Point) -> (f32, f32)) {
    let (OutlineCurve::Line(from, _) | OutlineCurve::Quad(from, ..) | OutlineCurve::Cubic(from, ..)) = curve;
    let (x, y) = at(*from);
    // The font gives curves, of which each begins where the one before ends, or a new ring.
    if path.last_point().is_none_or(|last| (last.x, last.y) != (x, y)) {
        path.move_to(x, y);
    }
    match *curve {
        OutlineCurve::Line(_, to) => {
            let (x, y) = at(to);
            path.line_to(x, y);
        }
        OutlineCurve::Quad(_, control, to) => {
            let ((a, b), (x, y)) = (at(control), at(to));
            path.quad_to(a, b, x, y);
        }
        OutlineCurve::Cubic(_, first, second, to) => {
            let ((a, b), (c, d), (x, y)) = (at(first), at(second), at(to));
            path.cubic_to(a, b, c, d, x, y);
        }
    }
}

/// Glyphs with their places on the baseline, and where the text ends, in heights of the text.
fn laid_out(text: &str) -> (Vec<(GlyphId, f64)>, f64) {
    let (mut glyphs, mut x, mut before): (Vec<_>, f64, Option<GlyphId>) = (Vec::new(), 0.0, None);
    for id in text.chars().map(|letter| SANS.glyph_id(letter)) {
        x += before.map_or(0.0, |before| f64::from(SANS.kern_unscaled(before, id)) / em());
        glyphs.push((id, x));
        x += f64::from(SANS.h_advance_unscaled(id)) / em();
        before = Some(id);
    }
    (glyphs, x)
}

fn em() -> f64 {
    f64::from(SANS.units_per_em().unwrap_or(2048.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_equally_wide_and_kerned_letters_are_not() {
        assert!((width("0.1", 13) - width("9.8", 13)).abs() < 1e-9);
        assert!(width("AV", 13) < width("A", 13) + width("V", 13));
        assert!((width("aa", 26) - 4.0 * width("a", 13)).abs() < 1e-9);
    }

    #[test]
    fn a_text_is_cut_to_its_room() {
        assert_eq!(fit("learning_rate", 13, 200.0), "learning_rate");
        let cut = fit("learning_rate", 13, 60.0);
        assert!(cut.ends_with('…') && cut.starts_with("lear") && width(&cut, 13) <= 60.0, "{cut}");
        assert_eq!(fit("learning_rate", 13, 0.0), "…");
    }

    #[test]
    fn a_decimal_point_stands_on_the_baseline() {
        let bottom = |text: &str| outline(text, 13).expect("an outline").bounds().bottom();
        assert!(bottom(".").abs() < 0.02 && bottom("I").abs() < 0.02, "{} {}", bottom("."), bottom("I"));
        assert!(outline(" ", 13).is_none());
    }
}
