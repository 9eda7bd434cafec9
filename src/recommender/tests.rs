#![allow(clippy::float_cmp, reason = "what is compared are the same bits")]

use super::*;
use crate::interactions::{Age, Duplicates, Event, Flaw, ReadOptions, Rows, Time};
use crate::labels::{Label, Labels};
use crate::models::knn::NearestNeighbours;
use crate::rank::RankOptions;
use crate::sparse::CsrMatrix;

/// Who, what, how much and when.
struct Plays(Vec<(&'static str, &'static str, f64, f64)>);

impl Rows for Plays {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn event(&self, row: usize) -> std::result::Result<Option<Event<'_>>, Flaw<'_>> {
        let (user, item, weight, time) = self.0[row];
        Ok(Some(Event { user: user.into(), item: item.into(), weight, time: Time::Seconds(time) }))
    }
}

const ARTISTS: [&str; 6] = ["dub", "ska", "roots", "metal", "doom", "sludge"];
const USERS: [&str; 8] = ["ann", "bob", "cid", "dan", "eva", "fay", "gus", "hal"];

/// Two circles of friends, each with three artists of which everybody lacks one.
fn plays() -> Plays {
    let mut plays = Vec::new();
    for (at, user) in USERS.into_iter().enumerate() {
        let first = if at < 4 { 0 } else { 3 };
        for artist in (0..3).filter(|&artist| artist != at % 3) {
            plays.push((user, ARTISTS[first + artist], 1.0 + (at + artist) as f64, at as f64));
        }
    }
    Plays(plays)
}

fn parameters() -> AlternatingLeastSquares {
    AlternatingLeastSquares::new(3).iterations(20).seed(3)
}

fn fitted(options: &ReadOptions) -> Result<Recommender> {
    Recommender::fit(&parameters(), Interactions::from_rows(&plays(), options)?, &())
}

fn labels(found: &[Scored<'_>]) -> Vec<String> {
    found.iter().map(|one| one.label.to_string()).collect()
}

fn through_a_file(recommender: &Recommender) -> Result<Recommender> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recommender.safetensors");
    recommender.save(&path)?;
    let bytes = std::fs::read(&path).expect("it has been written");
    let opened = Recommender::open(&path)?;
    opened.save(&path)?;
    assert_eq!(std::fs::read(&path).expect("it has been written"), bytes);
    Ok(opened)
}

#[test]
fn lists_are_those_of_the_model_in_labels() -> Result<()> {
    let recommender = fitted(&ReadOptions::default())?;
    let factors = recommender.factors().expect("it has some");
    let code = recommender.data().users().code(Label::Text("bob")).expect("he is there");
    let found = factors.recommend(&[code as i32], None, &RankOptions::top(6))?;
    let all = recommender.recommend("bob", &List::top(6).with_liked())?;
    assert_eq!(all.len(), 6);
    for (one, (&id, &score)) in all.iter().zip(found.ids(0).iter().zip(found.scores(0))) {
        assert_eq!(Some(one.label), recommender.data().items().get(id as usize));
        assert_eq!(one.score, score);
    }
    assert_eq!(labels(&recommender.recommend("bob", &List::top(1))?), ["ska"]);
    let without = [Label::Text("ska")];
    assert!(!labels(&recommender.recommend("bob", &List::top(9).without(&without))?).contains(&"ska".into()));
    let only = [Label::Text("doom"), Label::Text("ska")];
    assert_eq!(labels(&recommender.recommend("bob", &List::top(9).only(&only))?), ["ska", "doom"]);
    assert_eq!(recommender.recommend("bob", &List::top(9).at_least(1e3))?, []);
    let lists = recommender.recommend_to(&["bob".into(), "eva".into()], &List::top(1))?;
    assert_eq!(lists[0], recommender.recommend("bob", &List::top(1))?);
    assert_eq!(lists[1], recommender.recommend("eva", &List::top(1))?);
    Ok(())
}

#[test]
fn strangers_get_what_fits_to_what_they_like() -> Result<()> {
    let recommender = fitted(&ReadOptions::default())?;
    let liked = [(Label::Text("dub"), 2.0), (Label::Text("roots"), 1.0)];
    assert_eq!(labels(&recommender.recommend_for(&liked, &List::top(1))?), ["ska"]);
    let all = recommender.recommend_for(&liked, &List::top(6).with_liked())?;
    assert_eq!(all.len(), 6);
    // The score of exact factors is the sum of what explains it.
    let entries: Vec<(i32, i32, f32)> = liked
        .iter()
        .map(|&(label, weight)| {
            (0, recommender.data().items().code(label).expect("it is there") as i32, weight)
        })
        .collect();
    let row = CsrMatrix::from_triplets(1, 6, &entries)?;
    let factors = recommender.factors().expect("it has some");
    let x = parameters().fold_in(&row.view(), factors.item_factors())?;
    let y = factors.item_factors();
    let score = |item: usize| x.iter().zip(y.row(item)).map(|(x, y)| x * y).sum::<f32>();
    for one in all {
        let code = recommender.data().items().code(one.label).expect("it is there");
        assert!((one.score - score(code as usize)).abs() < 1e-6);
    }
    Ok(())
}

#[test]
fn neighbours_reasons_and_history() -> Result<()> {
    let recommender = fitted(&ReadOptions::default())?;
    assert_eq!(recommender.similar_items("metal", 2)?.len(), 2);
    assert!(labels(&recommender.similar_items("metal", 2)?).iter().all(|name| name != "metal"));
    assert!(
        labels(&recommender.similar_users("ann", 3)?).iter().all(|user| USERS[..4].contains(&user.as_str()))
    );
    let reasons = recommender.explain("bob", "ska", 5)?;
    assert_eq!(reasons.len(), 2);
    assert!(reasons[0].contribution >= reasons[1].contribution);
    assert_eq!(recommender.explain("bob", "ska", 1)?, reasons[..1]);
    let history = recommender.history("bob")?;
    assert_eq!(labels(&history), ["roots", "dub"]);
    assert_eq!(history[0].score, 4.0);
    Ok(())
}

#[test]
fn nobody_gets_a_list_of_whom_nothing_is_known() -> Result<()> {
    let mut recommender = fitted(&ReadOptions::default())?;
    recommender.update(&Plays(vec![("ivy", "dub", 0.0, 9.0), ("joe", "alone", 1.0, 9.0)]))?;
    assert_eq!(recommender.recommend("ivy", &List::top(3))?, []);
    assert_eq!(recommender.recommend("joe", &List::top(3))?, []);
    let lists = recommender.recommend_to(&["ivy".into(), "bob".into(), "joe".into()], &List::top(1))?;
    assert_eq!(lists.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0]);
    let error = recommender.recommend_for(&[], &List::top(3)).expect_err("it is nobody");
    assert_eq!(error.to_string(), "liked must be at least one item, got 0");
    assert!(recommender.similar_items("dub", 0).is_err());
    assert!(recommender.similar_users("bob", 0).is_err());
    assert!(recommender.explain("bob", "ska", 0).is_err());
    Ok(())
}

#[test]
fn what_says_nothing_is_no_reason_and_what_speaks_against_is() -> Result<()> {
    let data = Interactions::from_matrix(
        Labels::of_texts(["ann"])?,
        Labels::of_texts(["a", "b", "c", "d"])?,
        CsrMatrix::from_triplets(1, 4, &[(0, 0, 2.0_f32), (0, 1, -1.0), (0, 2, 1.0)])?,
    )?;
    let similarity = CsrMatrix::from_triplets(4, 4, &[(0, 3, 0.5_f32), (1, 3, 0.25)])?;
    let texts = Texts::of(&parameters(), &data);
    let recommender = Recommender::new(Fitted::Similarity(ItemSimilarity::new(1, similarity)?), data, texts)?;
    let reasons = recommender.explain("ann", "d", 9)?;
    let said: Vec<(String, f64)> =
        reasons.iter().map(|reason| (reason.label.to_string(), reason.contribution)).collect();
    assert_eq!(said, [("a".into(), 1.0), ("b".into(), -0.25)]);
    Ok(())
}

#[test]
fn unknown_labels_are_named_with_those_that_are_like_them() -> Result<()> {
    let recommender = fitted(&ReadOptions::default())?;
    let error = recommender.recommend("bobb", &List::top(1)).expect_err("nobody is called so");
    assert_eq!(error.to_string(), "there is no user \"bobb\"; did you mean \"bob\"?");
    let error = recommender.similar_items(7, 1).expect_err("labels are texts");
    assert_eq!(error.to_string(), "there is no item \"7\"");
    assert!(recommender.recommend_for(&[(Label::Text("mettal"), 1.0)], &List::top(1)).is_err());
    assert!(recommender.recommend("bob", &List::top(0)).is_err());
    Ok(())
}

#[test]
fn updates_solve_for_those_whom_events_are_about() -> Result<()> {
    let mut recommender = fitted(&ReadOptions::default())?;
    let before = recommender.factors().expect("it has some").clone();
    recommender.update(&Plays(vec![
        ("ivy", "doom", 3.0, 9.0),
        ("ivy", "new", 1.0, 9.0),
        ("ann", "metal", 5.0, 9.0),
    ]))?;
    let after = recommender.factors().expect("it has some");
    assert_eq!((after.users(), after.items()), (9, 7));
    for user in 1..8 {
        assert_eq!(after.user_factors().row(user), before.user_factors().row(user));
    }
    for item in 0..6 {
        assert_eq!(after.item_factors().row(item), before.item_factors().row(item));
    }
    assert_ne!(after.user_factors().row(0), before.user_factors().row(0));
    // Each of those who changed is the exact solution for what they have.
    let data = recommender.data().matrix();
    let solved = parameters().fold_in(&data, after.item_factors())?;
    for user in [0, 8] {
        assert_eq!(after.user_factors().row(user), &solved[3 * user..3 * user + 3]);
    }
    assert!(
        labels(&recommender.recommend("ivy", &List::top(2))?)
            .iter()
            .all(|name| ARTISTS.contains(&name.as_str()))
    );
    Ok(())
}

#[test]
fn an_update_that_fails_changes_nothing() -> Result<()> {
    let mut recommender = fitted(&ReadOptions { strict: true, ..ReadOptions::default() })?;
    let before = recommender.clone();
    assert!(recommender.update(&Plays(vec![("ivy", "doom", f64::NAN, 9.0)])).is_err());
    assert_eq!(recommender.data(), before.data());
    assert_eq!(recommender.model, before.model);
    Ok(())
}

#[test]
fn weights_that_fade_alike_change_nobody() -> Result<()> {
    let options = ReadOptions { timed: true, half_life: Some(Age::Seconds(50.0)), ..ReadOptions::default() };
    let mut recommender = fitted(&options)?;
    let before = recommender.factors().expect("it has some").clone();
    recommender.update(&Plays(vec![("ann", "ska", 1.0, 80.0)]))?;
    let after = recommender.factors().expect("it has some");
    assert_ne!(after.user_factors().row(0), before.user_factors().row(0));
    for user in 1..8 {
        assert_eq!(after.user_factors().row(user), before.user_factors().row(user));
    }
    assert!(recommender.history("hal")?[0].score < 5.0);
    Ok(())
}

/// Everything but how long reading took and what lines looked like.
fn assert_same(one: &Recommender, other: &Recommender) {
    let (a, b) = (one.data(), other.data());
    assert_eq!((a.users(), a.items(), a.matrix()), (b.users(), b.items(), b.matrix()));
    assert_eq!((a.options(), a.kept_events()), (b.options(), b.kept_events()));
    assert_eq!(a.report().to_string(), b.report().to_string());
    assert_eq!(one.model, other.model);
}

#[test]
fn files_hold_everything() -> Result<()> {
    let timed = ReadOptions { timed: true, ..ReadOptions::default() };
    let kinds = vec![
        ReadOptions::default(),
        ReadOptions { keep_events: true, ..timed.clone() },
        ReadOptions { min_users_per_item: 3, ..ReadOptions::default() },
        ReadOptions { duplicates: Duplicates::Last, ..timed.clone() },
        ReadOptions { half_life: Some(Age::Units(9.0)), max_age: Some(Age::Seconds(6.5)), ..timed },
    ];
    for options in kinds {
        let mut recommender = fitted(&options)?;
        let mut opened = through_a_file(&recommender)?;
        assert_same(&opened, &recommender);
        let more =
            Plays(vec![("bob", "doom", 2.0, 30.0), ("ivy", "ska", 1.0, 31.0), ("ivy", "dub", 1.0, 31.0)]);
        recommender.update(&more)?;
        opened.update(&more)?;
        assert_same(&opened, &recommender);
        through_a_file(&opened)?;
    }
    Ok(())
}

#[test]
fn labels_may_be_integers_with_a_sign_or_without() -> Result<()> {
    let matrix = || CsrMatrix::from_triplets(2, 2, &[(0, 0, 1.0_f32), (1, 1, 2.0), (1, 0, 1.0)]);
    for users in [Labels::of_integers([-3, 7])?, Labels::of_unsigned([u64::MAX, 7])?] {
        let data = Interactions::from_matrix(users, Labels::of_integers([10, 20])?, matrix()?)?;
        let recommender = Recommender::fit(&AlternatingLeastSquares::new(2), data, &())?;
        let opened = through_a_file(&recommender)?;
        assert_same(&opened, &recommender);
        assert_eq!(opened.history(7)?.len(), 2);
    }
    Ok(())
}

#[test]
fn models_of_similarities_recommend_and_explain_but_do_not_grow() -> Result<()> {
    let data = Interactions::from_rows(&plays(), &ReadOptions::default())?;
    let similarity = NearestNeighbours::new(5).cosine(true).fit(&data.matrix())?;
    let mut texts = Texts::of(&parameters(), &data);
    texts.rename("CosineRecommender");
    let mut recommender = Recommender::new(Fitted::Similarity(similarity), data, texts)?;
    let opened = through_a_file(&recommender)?;
    assert_eq!(opened.model, recommender.model);
    assert_eq!(labels(&opened.recommend("bob", &List::top(1))?), ["ska"]);
    let liked = [(Label::Text("dub"), 1.0), (Label::Text("roots"), 1.0)];
    assert_eq!(labels(&opened.recommend_for(&liked, &List::top(1))?), ["ska"]);
    let score = opened.recommend("bob", &List::top(1))?[0].score;
    let reasons = opened.explain("bob", "ska", 5)?;
    let sum: f64 = reasons.iter().map(|reason| reason.contribution).sum();
    assert!((sum - f64::from(score)).abs() < 1e-5);
    let error = recommender.update(&Plays(vec![("bob", "doom", 1.0, 1.0)])).expect_err("it cannot");
    assert_eq!(error.to_string(), "CosineRecommender cannot be updated");
    assert!(recommender.similar_users("bob", 1).is_err());
    Ok(())
}

#[test]
fn what_is_no_recommender_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model");
    let reason = |path: &std::path::Path| Recommender::open(path).expect_err("it is none").to_string();
    assert!(reason(&path).contains("model"));
    std::fs::write(&path, b"nonsense").expect("it can be written");
    assert!(reason(&path).starts_with("not a model that can be opened"));
    let factors = Factors::new(1, vec![1.0_f32], vec![2.0]).expect("they are finite");
    factors.save(&path).expect("it can be written");
    assert!(reason(&path).contains("no labels"));
}
