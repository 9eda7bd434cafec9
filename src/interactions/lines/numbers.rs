//! Numbers as files write them.

/// How numbers are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// What stands before the decimals.
    pub(crate) decimal: u8,
    /// What groups thousands; empty for nothing.
    pub(crate) thousands: Vec<u8>,
}

impl Numbers {
    /// A finite number, with blanks around it or not.
    #[inline]
    pub(crate) fn read(&self, text: &[u8]) -> Option<f64> {
        if text.len() <= 15 && !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
            // What is played is mostly counted in few digits.
            return Some(text.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0')) as f64);
        }
        if self.decimal == b'.' && self.thousands.is_empty() {
            plain(text)
        } else {
            plain(&self.usual(text)?)
        }
    }

    /// The same; what says yes or no is 1 or 0.
    #[inline]
    pub(crate) fn weight(&self, text: &[u8]) -> Option<f64> {
        self.read(text).or_else(|| flag(text))
    }

    /// The number with a point before its decimals and nothing between thousands.
    fn usual(&self, text: &[u8]) -> Option<Vec<u8>> {
        let text = text.trim_ascii();
        let point = text.iter().position(|&byte| byte == self.decimal).unwrap_or(text.len());
        let (whole, decimals) = text.split_at(point);
        let mut usual = Vec::with_capacity(text.len());
        if self.thousands.is_empty() {
            usual.extend_from_slice(whole);
        } else {
            let mut groups = memchr::memmem::find_iter(whole, &self.thousands).peekable();
            let mut start = 0;
            let grouped = groups.peek().is_some();
            for at in groups.chain([whole.len()]) {
                let group = &whole[start..at];
                // All but the first have three digits.
                if start > 0 && (group.len() != 3 || !group.iter().all(u8::is_ascii_digit))
                    || start == 0 && grouped && !group.last().is_some_and(u8::is_ascii_digit)
                {
                    return None;
                }
                usual.extend_from_slice(group);
                start = at + self.thousands.len();
            }
        }
        if let [_, decimals @ ..] = decimals {
            if self.decimal != b'.' && decimals.contains(&b'.') {
                return None;
            }
            usual.push(b'.');
            usual.extend_from_slice(decimals);
        }
        // A point that is neither is no number.
        let points = whole.contains(&b'.') && self.decimal != b'.' && self.thousands != b".";
        (!points).then_some(usual)
    }
}

/// The finite number that a text is, written the usual way.
pub(crate) fn plain(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
    value.is_finite().then_some(value)
}

fn flag(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    match () {
        () if text.eq_ignore_ascii_case(b"true") => Some(1.0),
        () if text.eq_ignore_ascii_case(b"false") => Some(0.0),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_and_thousands_are_read() {
        let german = Numbers { decimal: b',', thousands: b".".to_vec() };
        for (text, number) in [
            ("6,95", 6.95),
            ("1.234,5", 1234.5),
            ("1.234.567", 1_234_567.0),
            ("-0,5", -0.5),
            ("12", 12.0),
            ("1,5e2", 150.0),
        ] {
            assert_eq!(german.read(text.as_bytes()), Some(number), "{text}");
        }
        for text in ["1.5", "1.23,4", "1,2,3", ".5", "", "x", "1.2345"] {
            assert_eq!(german.read(text.as_bytes()), None, "{text}");
        }
        let french = Numbers { decimal: b',', thousands: "\u{202f}".into() };
        assert_eq!(french.read("1\u{202f}234,5".as_bytes()), Some(1234.5));
        let english = Numbers { decimal: b'.', thousands: b",".to_vec() };
        assert_eq!(english.read(b"1,234.5"), Some(1234.5));
        assert_eq!(english.weight(b" TRUE"), Some(1.0));
        assert_eq!(english.read(b"true"), None);
    }
}
