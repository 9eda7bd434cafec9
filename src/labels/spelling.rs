//! Whole numbers as labels: how they are written, and what may stand beside what.
//!
//! Integers of 64 bits are kept as their bits, whether they are signed or not. A column whose numbers do not all fit
//! one of the two, or are written in two ways, has texts for labels instead, which keep every difference.

/// How the integers of a column are written: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spelling(u8);

impl Spelling {
    /// In digits alone.
    pub(crate) const PLAIN: Self = Self(1);
    /// With `.0` behind: what a table of floats makes of integers when some are missing.
    pub(crate) const POINTED: Self = Self(2);
    pub(crate) const NEGATIVE: Self = Self(4);
    /// Too large for a signed integer.
    pub(crate) const LARGE: Self = Self(8);

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one column of integers cannot hold them all without losing a difference.
    pub(crate) fn conflicts(self) -> bool {
        self.has(Self::PLAIN.and(Self::POINTED)) || self.has(Self::NEGATIVE.and(Self::LARGE))
    }
}

/// An integer of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Signed, or unsigned if the spelling says that it is large.
    pub(crate) bits: i64,
    pub(crate) spelling: Spelling,
}

impl Whole {
    pub(crate) fn signed(number: i64) -> Self {
        let sign = if number < 0 { Spelling::NEGATIVE } else { Spelling::default() };
        Self { bits: number, spelling: Spelling::PLAIN.and(sign) }
    }

    pub(crate) fn unsigned(number: u64) -> Self {
        let size = if i64::try_from(number).is_err() { Spelling::LARGE } else { Spelling::default() };
        Self { bits: number as i64, spelling: Spelling::PLAIN.and(size) }
    }

    pub(crate) fn is_large(self) -> bool {
        self.spelling.has(Spelling::LARGE)
    }
}

/// Floats are integers exactly up to 2⁵³.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// The integer that a text is, if writing it down the same way gives the same text again: not `007`, `+7`, `-0` or
/// ` 7`.
#[inline]
pub(crate) fn whole(text: &[u8]) -> Option<Whole> {
    let (number, spelling) = match text.strip_suffix(b".0") {
        Some(number) => (number, Spelling::POINTED),
        None => (text, Spelling::PLAIN),
    };
    let (digits, negative) = match number {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    if digits.is_empty() || digits.len() > 20 || (digits[0] == b'0' && (digits.len() > 1 || negative)) {
        return None;
    }
    let (most, last) = digits.split_at(digits.len().min(19));
    let mut magnitude: u64 = 0;
    for &digit in most {
        if !digit.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit - b'0'); // nineteen digits fit
    }
    if let [digit] = last {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        magnitude = magnitude.checked_mul(10)?.checked_add(digit)?;
    }
    if spelling == Spelling::POINTED && magnitude > EXACT as u64 {
        return None;
    }
    let mut whole = if negative {
        Whole::signed(0_i64.checked_sub_unsigned(magnitude)?)
    } else {
        Whole::unsigned(magnitude)
    };
    if spelling == Spelling::POINTED {
        whole.spelling = Spelling(whole.spelling.0 & !Spelling::PLAIN.0).and(spelling);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_that_are_written_the_usual_way_are_integers() {
        for number in [0, 1, -1, 42, i64::MAX, i64::MIN] {
            assert_eq!(whole(number.to_string().as_bytes()), Some(Whole::signed(number)));
        }
        for number in [0, 7, u64::MAX, 1 << 63, (1 << 63) - 1] {
            assert_eq!(whole(number.to_string().as_bytes()), Some(Whole::unsigned(number)));
        }
        let others =
            ["", "-", "007", "+7", "-0", " 7", "7 ", "7.", "7.00", "1e3", "18446744073709551616", "x"];
        let long = ["-9223372036854775809", "99999999999999999999", "-0.0", "9007199254740993.0", ".0"];
        for text in others.into_iter().chain(long) {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_with_a_point_are_told_from_those_without() {
        let pointed = whole(b"17850.0").map(|whole| (whole.bits, whole.spelling));
        assert_eq!(pointed, Some((17850, Spelling::POINTED)));
        assert!(Spelling::POINTED.and(Spelling::PLAIN).conflicts());
        assert!(Whole::signed(-1).spelling.and(Whole::unsigned(u64::MAX).spelling).conflicts());
        assert!(!Whole::signed(1).spelling.and(Whole::unsigned(u64::MAX).spelling).conflicts());
    }
}
