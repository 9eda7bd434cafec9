use proptest::prelude::*;

use super::*;

const USERS: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

fn small() -> Vec<u8> {
    let users = DenseView::new(&USERS, 2, 2).expect("it has this shape");
    let tensors = BTreeMap::from([
        ("user_factors".into(), Tensor::dense(users)),
        ("ids".into(), Tensor::new(&[3], &[7_i64, 8, 9])),
    ]);
    to_bytes(tensors, BTreeMap::from([("note".into(), "π".into())])).expect("small")
}

#[test]
fn what_was_written_is_read() -> Result<()> {
    let bytes = small();
    let contents = from_bytes(&bytes)?;
    assert_eq!(contents.dense::<f32>("user_factors")?, Some((USERS.to_vec(), [2, 2])));
    assert_eq!(contents.dense::<f32>("item_factors")?, None);
    assert_eq!(contents.tensors["ids"].data()[8], 8);
    assert_eq!(contents.about["note"], "π");
    assert!(contents.dense::<f64>("user_factors").is_err() && contents.dense::<f32>("ids").is_err());
    Ok(())
}

#[test]
fn a_file_that_is_cut_short_or_goes_on_is_an_error() {
    let bytes = small();
    for end in 0..bytes.len() {
        assert!(matches!(from_bytes(&bytes[..end]), Err(Error::NotAModel { .. })), "cut at {end}");
    }
    assert!(from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn versions_and_formats_of_others_are_named() -> Result<()> {
    let version = |about: &[(&str, &str)]| -> Result<String> {
        let about = about.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let read = from_bytes(&with_metadata(BTreeMap::new(), &about)?).map(|_| ());
        Ok(read.map_or_else(|error| error.to_string(), |()| "read".into()))
    };
    assert_eq!(version(&[("format_version", "1")])?, "read");
    assert!(version(&[("format_version", "2")])?.contains("newer"));
    assert!(version(&[])?.contains("no version"));
    let bytes = small();
    let at = bytes.windows(FORMAT.len()).position(|window| window == FORMAT.as_bytes()).expect("it is there");
    let other = [&bytes[..at], b"another format".as_slice(), &bytes[at + FORMAT.len()..]].concat();
    assert!(from_bytes(&other).is_err_and(|error| error.to_string().contains("format is another")));
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200), own in any::<bool>()) {
        if own && bytes.len() >= 8 {
            // A header length that fits, so that what follows is parsed.
            let length = (bytes.len() - 8) as u64;
            bytes[..8].copy_from_slice(&length.to_le_bytes());
        }
        prop_assert!(from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_a_model_or_an_error(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = small();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(Some((values, shape))) = from_bytes(&bytes).and_then(|contents| contents.dense::<f32>("user_factors")) {
            prop_assert_eq!(values.len(), shape[0] * shape[1]);
        }
    }
}
