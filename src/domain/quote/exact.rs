//! Exact amounts: rational numbers of minor units.
//!
//! Every price rule divides sooner or later (a percentage, a share of a
//! discount). Rounding is a decision of the policy, so the arithmetic itself
//! must not round: amounts are fractions of two `i128`. To keep intermediate
//! products inside `i128` a denominator above one million is rounded half to
//! even to millionths of a minor unit; only policies that never round
//! ([`super::policy::RoundMode::Exact`]) can reach that, after compounding.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// Largest denominator kept; a finer fraction is rounded to millionths.
const MAX_DENOMINATOR: i128 = 1_000_000;

/// A rational number of minor units, always reduced, denominator positive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exact {
    num: i128,
    den: i128,
}

/// How a fraction becomes a whole number of minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// Toward minus infinity.
    Floor,
    /// To the nearest, halves away from zero.
    HalfUp,
    /// To the nearest, halves toward zero.
    HalfDown,
    /// To the nearest, halves to the even neighbour.
    HalfEven,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// A whole number of minor units.
    #[must_use]
    pub const fn new(minor: i64) -> Self {
        Self {
            num: minor as i128,
            den: 1,
        }
    }

    /// `num / den`; a zero denominator gives zero, since every caller divides
    /// by a sum of weights and a sum of nothing shares nothing.
    #[must_use]
    pub fn ratio(num: i128, den: i128) -> Self {
        if den == 0 {
            return Self::ZERO;
        }
        if den == 1 {
            return Self { num, den };
        }
        let (num, den) = if den < 0 { (-num, -den) } else { (num, den) };
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs());
        let (num, den) = (num / divisor, den / divisor);
        if den <= MAX_DENOMINATOR {
            return Self { num, den };
        }
        let whole = num.div_euclid(den);
        let rest = num.rem_euclid(den) * MAX_DENOMINATOR;
        let (part, left) = (rest / den, rest % den);
        let part = match (left * 2).cmp(&den) {
            Ordering::Less => part,
            Ordering::Greater => part + 1,
            Ordering::Equal => part + part % 2,
        };
        Self::ratio(whole * MAX_DENOMINATOR + part, MAX_DENOMINATOR)
    }

    /// Parses a plain decimal such as `12.5` or `-0.05`, with at most six
    /// decimals and twelve digits before the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || whole.len() > 12 || fraction.len() > 6 {
            return None;
        }
        let all = format!("{whole}{fraction}");
        if !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let num: i128 = all.parse().ok()?;
        let den = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        Some(Self::ratio(if negative { -num } else { num }, den))
    }

    /// Divides; by zero gives zero (see [`Exact::ratio`]).
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self::ratio(self.num * other.den, self.den * other.num)
    }

    /// This many percent of `self`.
    #[must_use]
    pub fn percent(self, percent: Self) -> Self {
        self * Self::ratio(percent.num, percent.den * 100)
    }

    /// Rounds to whole minor units.
    #[must_use]
    pub fn round(self, mode: Whole) -> Self {
        if self.den == 1 {
            return self;
        }
        let floor = self.num.div_euclid(self.den);
        let rest = self.num.rem_euclid(self.den);
        let positive = self.num > 0;
        let up = match mode {
            Whole::Floor => false,
            Whole::Down => !positive,
            Whole::Up => positive,
            _ => match (rest * 2).cmp(&self.den) {
                Ordering::Less => false,
                Ordering::Greater => true,
                Ordering::Equal => match mode {
                    Whole::HalfUp => positive,
                    Whole::HalfDown => !positive,
                    _ => floor % 2 != 0,
                },
            },
        };
        Self {
            num: floor + i128::from(up),
            den: 1,
        }
    }

    /// Rounded to millionths of a minor unit. Sums of such numbers are exact,
    /// so shares that are kept unrounded still add up to their total.
    #[must_use]
    pub fn to_millionths(self) -> Self {
        if MAX_DENOMINATOR % self.den == 0 {
            return self;
        }
        let scale = Self::ratio(MAX_DENOMINATOR, 1);
        Self::ratio((self * scale).round(Whole::HalfEven).num, MAX_DENOMINATOR)
    }

    /// The whole number of minor units, if it is one and fits.
    #[must_use]
    pub fn minor(self) -> Option<i64> {
        if self.den == 1 {
            i64::try_from(self.num).ok()
        } else {
            None
        }
    }

    /// The nearest whole number of minor units, halves away from zero.
    #[must_use]
    pub fn nearest_minor(self) -> i64 {
        let whole = self.round(Whole::HalfUp).num;
        i64::try_from(whole).unwrap_or(if whole > 0 { i64::MAX } else { i64::MIN })
    }

    /// Whether this is above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.num > 0
    }

    /// Whether this is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// The distance from zero.
    #[must_use]
    pub fn abs(self) -> Self {
        Self {
            num: self.num.abs(),
            den: self.den,
        }
    }

    /// The value with at most six decimals, for people and for comparison
    /// with systems that print fractions of a minor unit.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let scaled = (self * Self::new(1_000_000)).round(Whole::HalfUp).num;
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, part) = (scaled.abs() / 1_000_000, scaled.abs() % 1_000_000);
        if part == 0 {
            return format!("{sign}{whole}");
        }
        let digits = format!("{part:06}");
        format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

fn gcd(mut left: u128, mut right: u128) -> i128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    i128::try_from(left.max(1)).unwrap_or(1)
}

impl Add for Exact {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.den == other.den {
            return Self::ratio(self.num + other.num, self.den);
        }
        Self::ratio(
            self.num * other.den + other.num * self.den,
            self.den * other.den,
        )
    }
}

impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            num: -self.num,
            den: self.den,
        }
    }
}

impl Sub for Exact {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Exact {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::ratio(self.num * other.num, self.den * other.den)
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Exact {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, |sum, part| sum + part)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.num * other.den).cmp(&(other.num * self.den))
    }
}

impl From<i64> for Exact {
    fn from(minor: i64) -> Self {
        Self::new(minor)
    }
}

impl serde::Serialize for Exact {
    /// Whole minor units as a number, a fraction as a decimal string.
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.minor() {
            Some(minor) => out.serialize_i64(minor),
            None => out.serialize_str(&self.to_decimal()),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_decimal())
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 {
            write!(out, "{}", self.num)
        } else {
            write!(out, "{}/{}", self.num, self.den)
        }
    }
}
