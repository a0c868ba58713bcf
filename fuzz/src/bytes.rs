//! Reading choices and numbers from the fuzzer's bytes.

/// The bytes of an input, read from the front; when they are used up, zeros follow.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// The whole input.
    pub fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// Whether nothing but zeros is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest of the input.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// The next eight bytes as a number.
    pub fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, place| word | u64::from(self.byte()) << (8 * place))
    }

    /// A number below `n`, which is 1 to 256.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n
    }

    /// One time in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Any float: small round ones as a rule, the odd ones, and every pattern of bits.
    pub fn float(&mut self) -> f64 {
        const ODD: [f64; 16] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            -0.0,
            f64::EPSILON,
            0.1,
            1.0 - f64::EPSILON / 2.0,
            9_007_199_254_740_993.0,
            9.3e18,
            -9.3e18,
            1e100,
            -1e-100,
        ];
        match self.below(8) {
            0..=2 => f64::from(self.byte().cast_signed()) / 8.0,
            3 | 4 => (f64::from(self.byte()) * 256.0 + f64::from(self.byte())) / 65_536.0,
            5 | 6 => f64::from_bits(self.word()),
            _ => self.pick(&ODD),
        }
    }

    /// Any finite float.
    pub fn finite(&mut self) -> f64 {
        let x = self.float();
        if x.is_finite() { x } else { 0.5 }
    }

    /// Any positive float, but for those next to 0 of which few digits are left.
    pub fn positive(&mut self) -> f64 {
        let x = self.finite().abs();
        if x > 1e-300 { x } else { 1.0 }
    }

    /// Two finite floats, the smaller first; never equal.
    pub fn bounds(&mut self) -> (f64, f64) {
        let (a, b) = (self.finite(), self.finite());
        if a < b {
            (a, b)
        } else if b < a {
            (b, a)
        } else if a < f64::MAX {
            (a, a.next_up().max(a + 1.0))
        } else {
            (0.0, a)
        }
    }

    /// Any integer: small ones as a rule.
    pub fn integer(&mut self) -> i64 {
        match self.below(4) {
            0 | 1 => i64::from(self.byte().cast_signed()),
            2 => self.word().cast_signed(),
            _ => self.pick(&[i64::MIN, i64::MAX, 0, 1 << 53, -(1 << 53), (1 << 53) + 1, i64::MAX - 1]),
        }
    }
}
