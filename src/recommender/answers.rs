//! Answers in labels.

use std::sync::Arc;

use super::update::rows_of;
use super::{Fitted, List, Recommender};
use crate::error::{Error, Result};
use crate::labels::{Label, Labels};
use crate::models::als::Explanation;
use crate::rank::{RankOptions, Rankings};
use crate::sparse::{CsrMatrix, CsrView};

/// How many labels an error names that are like one that is not there.
const CLOSE: usize = 3;

/// A label and a number: the score of an item, or how much of it a user has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored<'a> {
    /// What it is called.
    pub label: Label<'a>,
    /// How good it is, how alike, or how much of it there is.
    pub score: f32,
}

/// An item of a user's that speaks for another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reason<'a> {
    /// What it is called.
    pub label: Label<'a>,
    /// How much of it the user has.
    pub weight: f32,
    /// What it adds to the score.
    pub contribution: f64,
}

impl Recommender {
    /// The best items for a user, best first, without those that the user has; none for a user about whom the model knows
    /// nothing, as any would be arbitrary.
    pub fn recommend<'l>(&self, user: impl Into<Label<'l>>, list: &List<'_>) -> Result<Vec<Scored<'_>>> {
        Ok(self.recommend_to(&[user.into()], list)?.pop().unwrap_or_default())
    }

    /// The best items for each of some users.
    pub fn recommend_to(&self, users: &[Label<'_>], list: &List<'_>) -> Result<Vec<Vec<Scored<'_>>>> {
        let codes = self.codes(Side::Users, users)?;
        let matrix = self.data.matrix();
        let known: Vec<i32> = codes.iter().copied().filter(|&code| self.knows(code as usize)).collect();
        let rows = rows_of(&matrix, known.iter().map(|&code| code as usize), matrix.columns())?;
        let mut lists = self.ranked(&known, &rows.view(), list)?.into_iter();
        let known_or_none = |&code: &i32| if self.knows(code as usize) { lists.next() } else { None };
        Ok(codes.iter().map(known_or_none).map(Option::unwrap_or_default).collect())
    }

    /// Whether the model knows something about a user.
    fn knows(&self, user: usize) -> bool {
        match &self.model {
            Fitted::Factors { factors, .. } => factors.user_factors().row(user).iter().any(|&x| x != 0.0),
            Fitted::Similarity(_) => !self.data.matrix().row(user).indices.is_empty(),
        }
    }

    /// The best items for somebody whom the model has not seen, by what they like, in the units of the data.
    pub fn recommend_for(&self, liked: &[(Label<'_>, f32)], list: &List<'_>) -> Result<Vec<Scored<'_>>> {
        if liked.is_empty() {
            return Err(Error::InvalidParameter { name: "liked", expected: "at least one item", value: 0.0 });
        }
        let labels: Vec<Label<'_>> = liked.iter().map(|&(label, _)| label).collect();
        let codes = self.codes(Side::Items, &labels)?;
        let entries: Vec<(i32, i32, f32)> =
            codes.iter().zip(liked).map(|(&code, &(_, weight))| (0, code, weight)).collect();
        let row = CsrMatrix::from_triplets(1, self.data.items().len(), &entries)?;
        let lists = match &self.model {
            Fitted::Similarity(_) => self.ranked(&[0], &row.view(), list)?,
            Fitted::Factors { .. } => {
                let (factors, parameters, gram) = self.solvable("answer to strangers")?;
                let solved = parameters.fold_in_with(&row.view(), None, factors.item_factors(), gram, &())?;
                self.ranked_by(&solved, &row.view(), list)?
            }
        };
        Ok(lists.into_iter().next().unwrap_or_default())
    }

    /// The items most like another, without itself.
    pub fn similar_items<'l>(&self, item: impl Into<Label<'l>>, n: usize) -> Result<Vec<Scored<'_>>> {
        check_count(n)?;
        let code = self.code(Side::Items, item.into())?;
        let found = self.model().similar_items(&[code], &RankOptions::top(n.saturating_add(1)))?;
        Ok(others(labelled(self.data.items(), &found, 0), self.data.items().get(code as usize), n))
    }

    /// The users most like another, without themselves; for models with factors.
    pub fn similar_users<'l>(&self, user: impl Into<Label<'l>>, n: usize) -> Result<Vec<Scored<'_>>> {
        check_count(n)?;
        let code = self.code(Side::Users, user.into())?;
        let Some(factors) = self.factors() else {
            let (model, what) = (self.texts.class().into(), "compare users");
            return Err(Error::NotSupported { model, what });
        };
        let found = factors.similar_users(&[code], &RankOptions::top(n.saturating_add(1)))?;
        Ok(others(labelled(self.data.users(), &found, 0), self.data.users().get(code as usize), n))
    }

    /// Which of a user's items speak for another, the one that says most first (Hu, Koren and Volinsky 2008, section 5).
    pub fn explain<'l>(
        &self,
        user: impl Into<Label<'l>>,
        item: impl Into<Label<'l>>,
        n: usize,
    ) -> Result<Vec<Reason<'_>>> {
        check_count(n)?;
        let (user, item) = (self.code(Side::Users, user.into())?, self.code(Side::Items, item.into())?);
        let row = self.data.matrix().row(user as usize);
        let (liked, values): (Vec<i32>, Vec<f32>) =
            row.indices.iter().zip(row.values).filter(|(_, value)| **value != 0.0).unzip();
        // Of similarities whatever says something counts, of factors what is liked.
        let (terms, counts): (Vec<f64>, fn(f32, f64) -> bool) =
            if let Fitted::Similarity(similarity) = &self.model {
                let share = |(&from, &value): (&i32, &f32)| {
                    let weights = similarity.similarity().row(from as usize);
                    let found = weights.indices.binary_search(&item);
                    found.map_or(0.0, |at| f64::from(value) * f64::from(weights.values[at]))
                };
                (liked.iter().zip(&values).map(share).collect(), |_, term| term != 0.0)
            } else {
                let (factors, parameters, gram) = self.solvable("say where its scores come from")?;
                let doubles: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
                let items = factors.item_factors();
                let Explanation { terms, .. } =
                    parameters.explain((&liked, &doubles), items, gram, item, None, None)?;
                (terms, |value, _| value > 0.0)
            };
        let says = |(at, contribution): (usize, f64)| {
            let label = self.data.items().get(liked[at] as usize)?;
            counts(values[at], contribution).then_some(Reason { label, weight: values[at], contribution })
        };
        let reasons = terms.into_iter().enumerate().filter_map(says);
        let mut reasons: Vec<Reason<'_>> = reasons.collect();
        // Stable, so that ties go to the smaller id.
        reasons.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        reasons.truncate(n);
        Ok(reasons)
    }

    /// What a user has, most of it first.
    pub fn history<'l>(&self, user: impl Into<Label<'l>>) -> Result<Vec<Scored<'_>>> {
        let row = self.data.matrix().row(self.code(Side::Users, user.into())? as usize);
        let entries = row.indices.iter().zip(row.values);
        let mut history: Vec<Scored<'_>> = entries
            .filter_map(|(&item, &score)| {
                Some(Scored { label: self.data.items().get(item as usize)?, score })
            })
            .collect();
        history.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(history)
    }

    fn ranked(
        &self,
        users: &[i32],
        rows: &CsrView<'_, f32>,
        list: &List<'_>,
    ) -> Result<Vec<Vec<Scored<'_>>>> {
        self.searched(list, |options| self.model().recommend(users, Some(rows), !list.with_liked, options))
    }

    /// The best items for rows of factors.
    fn ranked_by(
        &self,
        solved: &[f32],
        rows: &CsrView<'_, f32>,
        list: &List<'_>,
    ) -> Result<Vec<Vec<Scored<'_>>>> {
        let (factors, ..) = self.solvable("answer to strangers")?;
        let liked = (!list.with_liked).then(|| rows.pattern());
        let users: Vec<i32> = (0..rows.rows() as i32).collect();
        self.searched(list, |options| factors.recommend_by(solved, &users, liked, options))
    }

    fn searched(
        &self,
        list: &List<'_>,
        search: impl FnOnce(&RankOptions<'_>) -> Result<Rankings<f32>>,
    ) -> Result<Vec<Vec<Scored<'_>>>> {
        let only = list.only.map(|labels| self.codes(Side::Items, labels)).transpose()?;
        let without = self.codes(Side::Items, list.without)?;
        let mut options = RankOptions::top(list.n).without(&without).at_least(list.at_least);
        if let Some(only) = &only {
            options = options.only(only);
        }
        let found = search(&options)?;
        Ok((0..found.queries()).map(|query| labelled(self.data.items(), &found, query)).collect())
    }

    /// The ids of labels.
    fn codes(&self, side: Side, labels: &[Label<'_>]) -> Result<Vec<i32>> {
        labels.iter().map(|&label| self.code(side, label)).collect()
    }

    fn code(&self, side: Side, label: Label<'_>) -> Result<i32> {
        let (known, what) = match side {
            Side::Users => (self.data.users(), "user"),
            Side::Items => (self.data.items(), "item"),
        };
        if let Some(code) = known.code(label) {
            return Ok(code as i32);
        }
        let of_this_kind = matches!(label, Label::Text(_)) != known.are_integers();
        let label = label.to_string();
        let close = if of_this_kind { known.close_to(&label, CLOSE, 0)? } else { Vec::new() };
        let close = close.iter().map(ToString::to_string).collect();
        Err(Error::UnknownLabel { what, label, close })
    }
}

fn check_count(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::InvalidParameter { name: "n", expected: "at least 1", value: 0.0 });
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Side {
    Users,
    Items,
}

/// What was found for a query, without the places that nothing was left for, and without what was filtered.
fn labelled<'a>(labels: &'a Arc<Labels>, found: &Rankings<f32>, query: usize) -> Vec<Scored<'a>> {
    let pairs = found.ids(query).iter().zip(found.scores(query));
    let told = pairs.filter(|&(&id, &score)| id >= 0 && score > f32::NEG_INFINITY);
    told.filter_map(|(&id, &score)| Some(Scored { label: labels.get(id as usize)?, score })).collect()
}

/// What was found without the one that was asked about, or without the last one where others that are equal came first.
fn others<'a>(mut found: Vec<Scored<'a>>, own: Option<Label<'a>>, n: usize) -> Vec<Scored<'a>> {
    found.retain(|one| Some(one.label) != own);
    found.truncate(n);
    found
}
