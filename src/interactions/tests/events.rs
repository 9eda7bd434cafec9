//! What becomes of events.

use proptest::prelude::*;

use super::*;

const HALF_LIFE: f64 = 8.0;

fn made() -> impl Strategy<Value = Vec<Made>> {
    let event = (0..9_u32, 0..7_u32, 0..5_u32, 0..40_u32).prop_map(|(user, item, weight, time)| Made {
        user: format!("u{user}"),
        item: format!("i{item}"),
        weight: f64::from(weight),
        time: f64::from(time),
    });
    prop::collection::vec(event, 0..200)
}

fn duplicates() -> impl Strategy<Value = Duplicates> {
    prop::sample::select(vec![Duplicates::Sum, Duplicates::Count, Duplicates::Last, Duplicates::Max])
}

/// The entries by the plain meaning of the options, without minimum counts.
fn plainly(events: &[Made], options: &ReadOptions) -> BTreeMap<(String, String), f32> {
    let latest = events.iter().map(|event| event.time).fold(f64::NEG_INFINITY, f64::max);
    let mut entries: BTreeMap<(String, String), Vec<(f64, f32)>> = BTreeMap::new();
    let oldest = options.max_age.map_or(f64::NEG_INFINITY, |age| latest - options.in_times(age));
    for event in events.iter().filter(|event| event.time >= oldest) {
        let mut weight = if options.duplicates == Duplicates::Count { 1.0 } else { event.weight };
        if let Some(half_life) = options.half_life.map(|age| options.in_times(age)) {
            weight *= 0.5_f64.powf((latest - event.time) / half_life);
        }
        let time = if options.timed { event.time } else { 0.0 };
        entries.entry((event.user.clone(), event.item.clone())).or_default().push((time, weight as f32));
    }
    let one = |mut events: Vec<(f64, f32)>| match options.duplicates {
        Duplicates::Sum | Duplicates::Count => {
            events.iter().map(|(_, weight)| f64::from(*weight)).sum::<f64>() as f32
        }
        Duplicates::Max => events.iter().map(|(_, weight)| *weight).fold(f32::MIN, f32::max),
        Duplicates::Last => {
            events.sort_by(|a, b| a.0.total_cmp(&b.0));
            events[events.len() - 1].1
        }
    };
    entries.into_iter().map(|(pair, events)| (pair, one(events))).collect()
}

/// Leaves out users and items one by one, in any order, until nobody has too few.
fn pruned(
    mut entries: BTreeMap<(String, String), f32>,
    options: &ReadOptions,
) -> BTreeMap<(String, String), f32> {
    loop {
        let count = |which: &dyn Fn(&(String, String)) -> String, name: &str| {
            entries.keys().filter(|pair| which(pair) == name).count()
        };
        let few = entries.keys().find(|(user, item)| {
            count(&|pair| pair.0.clone(), user) < options.min_items_per_user as usize
                || count(&|pair| pair.1.clone(), item) < options.min_users_per_item as usize
        });
        let Some((user, item)) = few.cloned() else { return entries };
        let user_has_few = count(&|pair| pair.0.clone(), &user) < options.min_items_per_user as usize;
        entries.retain(|pair, _| if user_has_few { pair.0 != user } else { pair.1 != item });
    }
}

fn assert_close(a: &BTreeMap<(String, String), f32>, b: &BTreeMap<(String, String), f32>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (pair, value) in a {
        assert!((value - b[pair]).abs() <= 1e-5 * value.abs(), "{pair:?}: {value} and {}", b[pair]);
    }
}

proptest! {
    #[test]
    fn entries_are_what_the_options_say(
        events in made(),
        duplicates in duplicates(),
        timed in any::<bool>(),
        fades in any::<bool>(),
        max_age in prop::option::of(1..40_u32),
        threads in 1..4_usize,
    ) {
        let half_life = (timed && fades).then_some(Age::Units(HALF_LIFE));
        let max_age = max_age.filter(|_| timed).map(|age| Age::Units(f64::from(age)));
        let options = ReadOptions { duplicates, timed, half_life, max_age, threads, ..ReadOptions::default() };
        let read = Interactions::from_rows(&MadeTable(events.clone()), &options).unwrap();
        let left = plainly(&events, &options);
        assert_close(&named(&read), &left);
        let is_left = |label: &&str, of: fn(&(String, String)) -> &str| {
            max_age.is_none() || left.keys().any(|pair| of(pair) == *label)
        };
        let users = numbered(events.iter().map(|event| event.user.as_str())).into_iter();
        prop_assert_eq!(texts(read.users()), users.filter(|user| is_left(user, |pair| &pair.0)).collect::<Vec<_>>());
        let items = numbered(events.iter().map(|event| event.item.as_str())).into_iter();
        prop_assert_eq!(texts(read.items()), items.filter(|item| is_left(item, |pair| &pair.1)).collect::<Vec<_>>());
        let single = Interactions::from_rows(&MadeTable(events), &ReadOptions { threads: 1, ..options }).unwrap();
        prop_assert_eq!(single.matrix(), read.matrix());
    }

    #[test]
    fn what_has_too_few_is_left_out_until_nothing_has(
        events in made(),
        min_items_per_user in 1..5_u32,
        min_users_per_item in 1..5_u32,
    ) {
        let options = ReadOptions { min_items_per_user, min_users_per_item, ..ReadOptions::default() };
        let read = Interactions::from_rows(&MadeTable(events.clone()), &options).unwrap();
        let all = plainly(&events, &options);
        let left = pruned(all.clone(), &options);
        prop_assert_eq!(read.report().dropped_entries, all.len() - left.len());
        assert_close(&named(&read), &left);
        let kept = |events: &[Made], which: fn(&Made) -> &str, left: &[String]| {
            let order = numbered(events.iter().map(which)).into_iter().map(String::from);
            order.filter(|label| left.contains(label)).collect::<Vec<_>>()
        };
        let users: Vec<_> = left.keys().map(|pair| pair.0.clone()).collect();
        prop_assert_eq!(texts(read.users()), kept(&events, |event| &event.user, &users));
        let items: Vec<_> = left.keys().map(|pair| pair.1.clone()).collect();
        prop_assert_eq!(texts(read.items()), kept(&events, |event| &event.item, &items));
    }

    #[test]
    fn events_may_come_in_parts(
        first in made(),
        second in made(),
        duplicates in duplicates(),
        fades in any::<bool>(),
        least in 1..4_u32,
    ) {
        let half_life = fades.then_some(Age::Units(HALF_LIFE));
        let (min_items_per_user, min_users_per_item) = (least, least);
        let options = ReadOptions {
            duplicates, timed: true, half_life, min_items_per_user, min_users_per_item, ..ReadOptions::default()
        };
        let before = Interactions::from_rows(&MadeTable(first.clone()), &options).unwrap();
        let updated = before.with_rows(&MadeTable(second.clone())).unwrap();
        let whole = Interactions::from_rows(&MadeTable([first, second].concat()), &options).unwrap();
        assert_close(&named(&updated), &named(&whole));
        prop_assert_eq!(&texts(updated.users())[..before.users().len()], &texts(before.users()));
        prop_assert_eq!(&texts(updated.items())[..before.items().len()], &texts(before.items()));
        prop_assert_eq!(updated.report().rows, whole.report().rows);
    }
}

#[test]
fn labels_of_one_kind_cannot_be_added_to_labels_of_the_other() {
    struct Numbers;
    impl Rows for Numbers {
        fn len(&self) -> usize {
            1
        }
        fn integers(&self) -> (Option<bool>, Option<bool>) {
            (Some(true), Some(false))
        }
        fn event(&self, _: usize) -> std::result::Result<Option<Event<'_>>, Flaw<'_>> {
            let (user, item) = (Label::Integer(7), Label::Text("x"));
            Ok(Some(Event { user, item, weight: 1.0, time: Time::Number(0.0) }))
        }
    }
    let made = Made { user: "u".into(), item: "i".into(), weight: 1.0, time: 0.0 };
    let before = Interactions::from_rows(&MadeTable(vec![made]), &ReadOptions::default()).unwrap();
    assert_eq!(before.with_rows(&Numbers), Err(Error::LabelKind { what: "users", integers: false }));
}

#[test]
fn weights_that_are_not_finite_are_bad_and_sums_that_are_not_are_errors() {
    let event = |weight| Made { user: "u".into(), item: "i".into(), weight, time: 0.0 };
    let events = [f64::NAN, f64::INFINITY, 1e300, 2.0].map(event).to_vec();
    let read = Interactions::from_rows(&MadeTable(events), &ReadOptions::default()).unwrap();
    assert_eq!((read.report().bad.count(), read.matrix().values()), (3, &[2.0_f32][..]));
    assert_eq!(read.report().bad.described()[0], "row 0: the weight is \"NaN\", not a finite number");
    let events = vec![event(3e38), event(3e38)];
    let sum = Interactions::from_rows(&MadeTable(events), &ReadOptions::default());
    assert_eq!(sum, Err(Error::NotFinite { row: 0, column: 0, value: f64::INFINITY }));
}

proptest! {
    #[test]
    fn a_part_of_the_events_is_what_reading_them_alone_gives(
        events in made(),
        flags in prop::collection::vec(any::<bool>(), 200),
        duplicates in duplicates(),
        half_life in prop::option::of(Just(Age::Units(HALF_LIFE))),
        max_age in prop::option::of((1..40_u32).prop_map(|age| Age::Units(f64::from(age)))),
        min_items_per_user in 1..3_u32,
        cut in 0..200_usize,
    ) {
        let options = ReadOptions { duplicates, timed: true, half_life, max_age, min_items_per_user, ..ReadOptions::default() };
        let options = ReadOptions { keep_events: true, ..options };
        let (first, later) = events.split_at(cut.min(events.len()));
        let whole = Interactions::from_rows(&MadeTable(first.to_vec()), &options).unwrap();
        let whole = whole.with_rows(&MadeTable(later.to_vec())).unwrap();
        let flags = &flags[..events.len()];
        let chosen: Vec<Made> = events.iter().zip(flags).filter(|(_, flag)| **flag).map(|(e, _)| e.clone()).collect();
        let part = whole.subset(flags, false).unwrap();
        assert_close(&named(&part), &pruned(plainly(&chosen, &options), &options));
        let plain = whole.subset(flags, true).unwrap();
        let bare = ReadOptions { half_life: None, max_age: None, min_items_per_user: 1, ..options };
        assert_close(&named(&plain), &plainly(&chosen, &bare));
        prop_assert_eq!(part.kept_events().unwrap().times.len(), chosen.len());
        prop_assert_eq!(plain.users().len(), numbered(events.iter().map(|event| event.user.as_str())).len());
    }
}

#[test]
fn events_that_were_not_kept_cannot_be_parted() {
    let made = Made { user: "a".into(), item: "b".into(), weight: 1.0, time: 0.0 };
    let read = Interactions::from_rows(&MadeTable(vec![made.clone()]), &ReadOptions::default()).unwrap();
    assert_eq!(read.kept_events(), None);
    assert_eq!(read.subset(&[true], true), Err(Error::NoLog));
    let options = ReadOptions { keep_events: true, ..ReadOptions::default() };
    let read = Interactions::from_rows(&MadeTable(vec![made]), &options).unwrap();
    assert!(matches!(read.subset(&[], true), Err(Error::SizeMismatch { expected: 1, actual: 0, .. })));
}
