//! Counting what texts are made of.

use rayon::prelude::*;

use super::{Cut, Tokens};
use crate::error::Result;
use crate::labels::{Label, Labels};
use crate::pool;
use crate::sparse::CsrMatrix;

/// Texts that a thread takes at a time. Fixed, so that tokens are numbered alike on any threads.
const TEXTS_PER_PART: usize = 1 << 12;

/// How often each text has each token: texts x tokens, and the tokens in order of first appearance.
pub(crate) struct Counts {
    pub(crate) matrix: CsrMatrix<f32>,
    pub(crate) tokens: Labels,
}

/// Counts the tokens of texts.
pub(crate) fn counts<A: AsRef<str> + Sync>(texts: &[Option<A>], cut: &Cut, threads: usize) -> Result<Counts> {
    let mut tokens = Labels::no_texts();
    let (mut rows, mut codes) = (Vec::with_capacity(texts.len()), Vec::new());
    for (own, part) in parts(texts, cut, threads)? {
        codes.clear();
        for label in own.iter() {
            codes.push(tokens.insert(label)?);
        }
        let coded =
            |row: Vec<(u32, f32)>| row.into_iter().map(|(token, n)| (codes[token as usize] as i32, n));
        rows.extend(part.into_iter().map(|row| sorted(coded(row).collect())));
    }
    Ok(Counts { matrix: CsrMatrix::of_rows(tokens.len(), rows), tokens })
}

/// Counts those tokens of texts that are known, and how many were not.
pub(crate) fn counts_of<A: AsRef<str> + Sync>(
    texts: &[Option<A>],
    cut: &Cut,
    known: &Labels,
    threads: usize,
) -> Result<(CsrMatrix<f32>, usize)> {
    let (mut rows, mut unknown) = (Vec::with_capacity(texts.len()), 0);
    for (own, part) in parts(texts, cut, threads)? {
        let codes: Vec<Option<u32>> = own.iter().map(|label| known.code(label)).collect();
        for row in part {
            let lost = row.iter().filter(|(token, _)| codes[*token as usize].is_none());
            unknown += lost.map(|(_, n)| *n as usize).sum::<usize>();
            let found = row.iter().filter_map(|&(token, n)| Some((codes[token as usize]? as i32, n)));
            rows.push(sorted(found.collect()));
        }
    }
    Ok((CsrMatrix::of_rows(known.len(), rows), unknown))
}

/// Counts in parts of the texts, each with tokens numbered on its own.
fn parts<A: AsRef<str> + Sync>(texts: &[Option<A>], cut: &Cut, threads: usize) -> Result<Vec<Part>> {
    pool::run(threads, || texts.par_chunks(TEXTS_PER_PART).map(|texts| count_part(texts, cut)).collect())?
}

/// Likewise in so many buckets, into which tokens fall by a hash of them.
pub(crate) fn hashed_counts<A: AsRef<str> + Sync>(
    texts: &[Option<A>],
    cut: &Cut,
    buckets: usize,
    threads: usize,
) -> Result<CsrMatrix<f32>> {
    let rows = pool::run(threads, || {
        texts
            .par_chunks(TEXTS_PER_PART)
            .flat_map_iter(|texts| {
                let mut tokens = Tokens::new(cut);
                texts.iter().map(move |text| {
                    let mut row = Vec::new();
                    if let Some(text) = text {
                        tokens.each(text.as_ref(), |token| row.push((bucket(token, buckets), 1.0)));
                    }
                    sorted(row)
                })
            })
            .collect()
    })?;
    Ok(CsrMatrix::of_rows(buckets, rows))
}

/// The tokens of some texts, numbered on their own, and how often each text has which.
type Part = (Labels, Vec<Vec<(u32, f32)>>);

fn count_part<A: AsRef<str>>(texts: &[Option<A>], cut: &Cut) -> Result<Part> {
    let (mut own, mut tokens) = (Labels::no_texts(), Tokens::new(cut));
    let mut rows = Vec::with_capacity(texts.len());
    for text in texts {
        let (mut row, mut result) = (Vec::new(), Ok(()));
        if let Some(text) = text {
            tokens.each(text.as_ref(), |token| match own.insert(Label::Text(token)) {
                Ok(code) => row.push((code as i32, 1.0)),
                Err(error) => result = Err(error),
            });
        }
        result?;
        let (indices, counts) = sorted(row);
        rows.push(indices.into_iter().map(|token| token as u32).zip(counts).collect());
    }
    Ok((own, rows))
}

/// Entries in order of their columns, those of one column summed.
fn sorted(mut row: Vec<(i32, f32)>) -> (Vec<i32>, Vec<f32>) {
    row.sort_by_key(|(column, _)| *column);
    let (mut columns, mut values): (Vec<i32>, Vec<f32>) = (Vec::new(), Vec::new());
    for (column, value) in row {
        match (columns.last(), values.last_mut()) {
            (Some(&last), Some(sum)) if last == column => *sum += value,
            _ => {
                columns.push(column);
                values.push(value);
            }
        }
    }
    (columns, values)
}

/// FNV-1a of 64 bits (Fowler, Noll and Vo) with its bits mixed, which is the same everywhere and in files.
fn bucket(token: &str, buckets: usize) -> i32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for &byte in token.as_bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^= hash >> 32;
    (hash % buckets as u64) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Cut {
        Cut::Words { words: Some(1..=1), characters: None }
    }

    #[test]
    fn tokens_are_counted_and_numbered_as_they_appear_on_any_threads() {
        let texts: Vec<Option<String>> = (0..3 * TEXTS_PER_PART)
            .map(|at| (at % 7 > 0).then(|| format!("a w{at} a w{}", at / 2)))
            .collect();
        let [one, three] = [1, 3].map(|threads| counts(&texts, &words(), threads).expect("they are texts"));
        assert_eq!((&one.matrix, &one.tokens), (&three.matrix, &three.tokens));
        let code = |token: &str| one.tokens.code(Label::Text(token)).map(|code| code as usize);
        assert_eq!((code("a"), code("w1"), code("w0")), (Some(0), Some(1), Some(2)));
        let view = one.matrix.view();
        assert!((view.value(5, 0) - 2.0).abs() < 1e-6 && view.row(7).indices.is_empty());
        let again = counts_of(&texts, &words(), &one.tokens, 2).expect("they are texts");
        assert_eq!(again, (one.matrix, 0));
        let known = Labels::of_texts(["w1", "zebra"]).expect("they differ");
        let (few, unknown) = counts_of(&texts[..3], &words(), &known, 1).expect("they are texts");
        assert_eq!((few.view().stored(), unknown), (2, 6));
    }

    #[test]
    fn buckets_are_the_same_everywhere() {
        let texts = [Some("ska ska dub"), None];
        let matrix = hashed_counts(&texts, &words(), 1000, 1).expect("they are texts");
        let row = matrix.view().row(0).values.to_vec();
        assert!(row == [2.0, 1.0] || row == [1.0, 2.0], "{row:?}");
        assert_eq!([bucket("ska", 1000), bucket("dub", 1000), bucket("", 7)], BUCKETS);
        assert_eq!(matrix.view().row(1).indices.len(), 0);
    }

    /// From a program of its own.
    const BUCKETS: [i32; 3] = [821, 352, 1];
}
