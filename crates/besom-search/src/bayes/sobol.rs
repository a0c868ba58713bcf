//! Points that fill the unit cube evenly, whichever stretch of them is taken: the Sobol sequence, scrambled.
//!
//! Directions by Joe and Kuo (*Constructing Sobol sequences with better two-dimensional projections*, 2008,
//! new-joe-kuo-6.21201); Owen scrambling by hashing (Burley, *Practical hash-based Owen scrambling*, 2020). Beyond the
//! tabulated dimensions the sequence is used again in another order, as Burley pads.
//!
//! The n-th point is a function of (seed, n), so that a sequence needs no memory.

/// Degree, coefficients and first directions of the primitive polynomials of dimensions 2 and up.
const JOE_KUO: [(u32, u32, &[u32]); 20] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// How many dimensions the table serves.
const DIMENSIONS: usize = JOE_KUO.len() + 1;

/// The `index`-th point of the scrambled sequence of `seed` in `dimensions` dimensions; coordinates in (0, 1).
pub(super) fn scrambled(seed: u64, index: u32, dimensions: usize) -> Vec<f64> {
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
    let mut directions = [0_u32; 32];
    directions_of(dimension, &mut directions);
    (0..32).filter(|bit| index >> bit & 1 == 1).fold(0, |sum, bit| sum ^ directions[bit])
}

fn directions_of(dimension: usize, directions: &mut [u32; 32]) {
    let Some(&(degree, coefficients, first)) = dimension.checked_sub(1).and_then(|k| JOE_KUO.get(k)) else {
        for (i, direction) in directions.iter_mut().enumerate() {
            *direction = 1 << (31 - i);
        }
        return;
    };
    let s = degree as usize;
    for (i, m) in first.iter().enumerate() {
        directions[i] = m << (31 - i);
    }
    for i in s..32 {
        let before = directions[i - s];
        directions[i] = before ^ (before >> degree);
        for k in 1..s {
            if coefficients >> (s - 1 - k) & 1 == 1 {
                directions[i] ^= directions[i - k];
            }
        }
    }
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

    /// Points in the order of plain binary digits; the published ones come in Gray code order, which visits the same
    /// points of every block of 2^m.
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
