//! Points that fill the unit cube evenly, whichever stretch of them is taken: the Sobol sequence, scrambled.
//!
//! Directions by Joe and Kuo (*Constructing Sobol sequences with better two-dimensional projections*, 2008,
//! new-joe-kuo-6.21201); Owen scrambling by hashing (Burley, *Practical hash-based Owen scrambling*, 2020).
//! Beyond the tabulated dimensions the sequence is used again in another order, as Burley pads.
//!
//! The n-th point is a function of (seed, n), so that a sequence needs no memory.

use std::sync::OnceLock;

/// Directions of dimensions 2 and up, as Joe and Kuo give them.
const TABLE: &str = include_str!("joe-kuo.txt");

/// How many dimensions the table serves.
pub(super) const DIMENSIONS: usize = 1000;

/// Each dimension's directions, as fractions of 2^32.
type Directions = [u32; 32];

/// The `index`-th point of the scrambled sequence of `seed` in `dimensions` dimensions; coordinates in (0,
/// 1).
pub(crate) fn scrambled(seed: u64, index: u32, dimensions: usize) -> Vec<f64> {
    let point = |dimension: usize| {
        let (group, within) = (dimension / DIMENSIONS, dimension % DIMENSIONS);
        let index = if group == 0 { index } else { scramble(index, hash(seed, !group)) };
        let bits = scramble(unscrambled(index, within), hash(seed, dimension));
        (f64::from(bits) + 0.5) / 4_294_967_296.0
    };
    (0..dimensions).map(point).collect()
}

/// One coordinate of the plain sequence, as a fraction of 2^32.
fn unscrambled(index: u32, dimension: usize) -> u32 {
    let directions = &directions()[dimension];
    (0..32).filter(|bit| index >> bit & 1 == 1).fold(0, |sum, bit| sum ^ directions[bit])
}

/// The directions of all dimensions, read from the table when first wanted.
fn directions() -> &'static [Directions] {
    static ALL: OnceLock<Vec<Directions>> = OnceLock::new();
    ALL.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        std::iter::once(std::array::from_fn(|i| 1 << (31 - i))).chain(lines.map(read)).collect()
    })
}

/// The directions that a line of the table stands for.
fn read(line: &str) -> Directions {
    let mut numbers = line.split(' ').map(|word| word.parse::<u32>().expect("the table holds numbers"));
    let coefficients = numbers.next().expect("a line holds coefficients first");
    let first: Vec<u32> = numbers.collect();
    let s = first.len();
    let mut directions = [0; 32];
    for (i, m) in first.iter().enumerate() {
        directions[i] = m << (31 - i);
    }
    for i in s..32 {
        let before = directions[i - s];
        directions[i] = before ^ (before >> s);
        for k in 1..s {
            if coefficients >> (s - 1 - k) & 1 == 1 {
                directions[i] ^= directions[i - k];
            }
        }
    }
    directions
}

/// A random permutation of the tree of binary digits: each digit is flipped by a hash of those above it.
fn scramble(x: u32, seed: u32) -> u32 {
    let mut x = x.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

/// A well-mixed seed for one dimension (splitmix64).
fn hash(seed: u64, dimension: usize) -> u32 {
    let mut z = seed.wrapping_add((dimension as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let [a, b, c, d, ..] = z.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fractions(index: u32, dimensions: usize) -> Vec<f64> {
        (0..dimensions).map(|d| f64::from(unscrambled(index, d)) / 4_294_967_296.0).collect()
    }

    /// Points in the order of plain binary digits; the published ones come in Gray code order, which visits
    /// the same points of every block of 2^m.
    fn gray(index: u32) -> u32 {
        index ^ (index >> 1)
    }

    #[test]
    fn plain_points_are_the_published_ones() {
        let published = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
            [0.625, 0.125, 0.875],
            [0.125, 0.625, 0.375],
        ];
        for (index, expected) in (0..).zip(published) {
            assert_eq!(fractions(gray(index), 3), expected, "point {index}");
        }
        assert_eq!(fractions(gray(5), 8), [0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375]);
        assert_eq!(
            fractions(gray(100), 8),
            [
                0.414_062_5,
                0.257_812_5,
                0.773_437_5,
                0.726_562_5,
                0.882_812_5,
                0.742_187_5,
                0.023_437_5,
                0.476_562_5
            ]
        );
    }

    /// From scipy 1.17, `qmc.Sobol(1000, scramble=False, bits=32)`.
    #[test]
    fn plain_points_of_high_dimensions_are_those_of_scipy() {
        let dimensions = [20, 21, 22, 100, 255, 499, 511, 777, 998, 999];
        let published: [(u32, [u32; 10]); 3] = [
            (
                100,
                [
                    3_254_779_904,
                    1_711_276_032,
                    33_554_432,
                    167_772_160,
                    2_449_473_536,
                    2_113_929_216,
                    2_248_146_944,
                    637_534_208,
                    1_375_731_712,
                    3_925_868_544,
                ],
            ),
            (
                1023,
                [
                    3_720_347_648,
                    79_691_776,
                    3_409_969_152,
                    1_019_215_872,
                    3_619_684_352,
                    2_034_237_440,
                    2_638_217_216,
                    2_839_543_808,
                    3_015_704_576,
                    3_678_404_608,
                ],
            ),
            (
                4095,
                [
                    969_932_800,
                    3_144_679_424,
                    2_911_895_552,
                    1_481_637_888,
                    2_632_974_336,
                    4_031_774_720,
                    3_929_014_272,
                    3_788_505_088,
                    3_647_995_904,
                    1_324_351_488,
                ],
            ),
        ];
        for (index, expected) in published {
            assert_eq!(dimensions.map(|d| unscrambled(gray(index), d)), expected, "point {index}");
        }
        assert_eq!(directions().len(), DIMENSIONS);
    }

    #[test]
    fn every_prefix_hits_every_cell_of_every_dimension_once() {
        for dimension in 0..50 {
            for m in 0..9_u32 {
                let mut cells = vec![0; 1 << m];
                for index in 0..1 << m {
                    let u = scrambled(7, index, 50)[dimension];
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "u is in (0, 1)"
                    )]
                    let cell = (u * f64::from(1 << m)) as usize;
                    cells[cell] += 1;
                }
                assert!(cells.iter().all(|&hits| hits == 1), "dimension {dimension}, 2^{m} points");
            }
        }
    }

    #[test]
    fn the_first_two_dimensions_are_a_net() {
        for wide in 0..=6_u32 {
            let (across, up) = (1 << wide, 1 << (6 - wide));
            let mut cells = vec![0; 64 * 64];
            for index in 0..64 {
                let point = scrambled(3, index, 2);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "both are in (0, 1)"
                )]
                let (x, y) = ((point[0] * f64::from(across)) as usize, (point[1] * f64::from(up)) as usize);
                cells[x * 64 + y] += 1;
            }
            assert!(cells.iter().filter(|&&hits| hits == 1).count() == 64, "{across} by {up}");
        }
    }

    #[test]
    fn seeds_give_different_sequences() {
        assert_ne!(scrambled(1, 0, 3), scrambled(2, 0, 3));
    }
}
