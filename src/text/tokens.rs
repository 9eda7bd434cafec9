//! Cutting a text.

use std::ops::RangeInclusive;

use super::Cut;

/// Marks where a word begins and ends in runs of characters, so that beginnings differ from middles.
const EDGE: char = ' ';

/// Cuts texts, with memory that is used again.
pub(crate) struct Tokens<'a> {
    cut: &'a Cut,
    /// The text in small letters, and where its words lie.
    lower: String,
    words: Vec<(usize, usize)>,
    /// What is given to the caller.
    token: String,
    /// A word between its edges, and where its characters begin.
    edged: String,
    starts: Vec<usize>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(cut: &'a Cut) -> Self {
        let [lower, token, edged] = [(); 3].map(|()| String::new());
        Self { cut, lower, words: Vec::new(), token, edged, starts: Vec::new() }
    }

    /// Calls `each` with every token of a text, as often as it occurs.
    pub(crate) fn each(&mut self, text: &str, mut each: impl FnMut(&str)) {
        match self.cut {
            Cut::Tags(separator) => {
                text.split(separator.as_str()).map(str::trim).filter(|tag| !tag.is_empty()).for_each(each);
            }
            Cut::Words { words, characters } => {
                self.split(text);
                if let Some(range) = words {
                    self.runs_of_words(range, &mut each);
                }
                if let Some(range) = characters {
                    self.runs_of_characters(range, &mut each);
                }
            }
        }
    }

    /// Words are runs of letters, digits and apostrophes between them.
    fn split(&mut self, text: &str) {
        self.lower.clear();
        self.lower.extend(text.chars().flat_map(char::to_lowercase));
        self.words.clear();
        let is_apostrophe = |letter| matches!(letter, '\'' | '’');
        let mut start = None;
        for (at, letter) in self.lower.char_indices() {
            let inside = letter.is_alphanumeric() || (is_apostrophe(letter) && start.is_some());
            match (inside, start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    self.words.push((from, at));
                    start = None;
                }
                _ => {}
            }
        }
        self.words.extend(start.map(|from| (from, self.lower.len())));
        for (from, to) in &mut self.words {
            *to = *from + self.lower[*from..*to].trim_end_matches(is_apostrophe).len();
        }
    }

    fn runs_of_words(&mut self, range: &RangeInclusive<usize>, each: &mut impl FnMut(&str)) {
        for count in range.clone() {
            for run in self.words.windows(count.max(1)) {
                self.token.clear();
                for (at, &(from, to)) in run.iter().enumerate() {
                    self.token.push_str(if at > 0 { " " } else { "" });
                    self.token.push_str(&self.lower[from..to]);
                }
                each(&self.token);
            }
        }
    }

    fn runs_of_characters(&mut self, range: &RangeInclusive<usize>, each: &mut impl FnMut(&str)) {
        for &(from, to) in &self.words {
            self.edged.clear();
            self.edged.push(EDGE);
            self.edged.push_str(&self.lower[from..to]);
            self.edged.push(EDGE);
            self.starts.clear();
            self.starts.extend(self.edged.char_indices().map(|(at, _)| at));
            self.starts.push(self.edged.len());
            for count in range.clone() {
                for run in self.starts.windows(count.max(1) + 1) {
                    // Told from words by what no word has.
                    self.token.clear();
                    self.token.push('~');
                    self.token.push_str(&self.edged[run[0]..run[count.max(1)]]);
                    each(&self.token);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(cut: &Cut, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Tokens::new(cut).each(text, |token| found.push(token.to_owned()));
        found
    }

    #[test]
    fn texts_are_cut_into_words_in_small_letters() {
        let cut = Cut::Words { words: Some(1..=2), characters: None };
        let found = tokens(&cut, "L'Été, (1995): Schindler's  'Night'");
        let words = ["l'été", "1995", "schindler's", "night"];
        let pairs = ["l'été 1995", "1995 schindler's", "schindler's night"];
        assert_eq!(found, [&words[..], &pairs[..]].concat());
        assert!(tokens(&cut, " --- ''").is_empty());
    }

    #[test]
    fn runs_of_characters_stay_within_words_and_see_their_edges() {
        let cut = Cut::Words { words: None, characters: Some(3..=4) };
        assert_eq!(tokens(&cut, "Öl x"), ["~ öl", "~öl ", "~ öl ", "~ x "]);
    }

    #[test]
    fn tags_are_what_stands_between_separators() {
        assert_eq!(tokens(&Cut::Tags("|".to_owned()), "Sci-Fi | Film-Noir||"), ["Sci-Fi", "Film-Noir"]);
        assert_eq!(tokens(&Cut::Tags(", ".to_owned()), "a, b,c"), ["a", "b,c"]);
    }
}
