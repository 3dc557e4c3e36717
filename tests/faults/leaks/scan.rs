//! Searching bytes for markers in the forms in which text gets about.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use helpline_tests::request_id;

/// What is searched for.
#[derive(Debug, Default)]
pub(super) struct Markers {
    markers: Vec<(&'static str, String, Forms)>,
    /// Which forms of which markers have a window among their first.
    windows: HashMap<[u8; WINDOW], Vec<(usize, usize)>>,
}

/// The forms of a text, by name.
type Forms = Vec<(&'static str, Vec<u8>)>;

/// A marker where none may be.
#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
pub(super) struct Finding {
    pub(super) field: &'static str,
    pub(super) form: &'static str,
    pub(super) place: String,
}

impl Markers {
    /// A marker for each field, that nothing else contains.
    pub(super) fn new(fields: &[&'static str]) -> Self {
        let mut markers = Self::default();
        for field in fields {
            let unique = request_id().replace('-', "");
            markers.add(field, &format!("Marker {field} метка {unique}"));
        }
        markers
    }

    /// One more thing to search for.
    pub(super) fn add(&mut self, field: &'static str, text: &str) {
        let forms = forms(text);
        for (number, (name, form)) in forms.iter().enumerate() {
            assert!(form.len() >= STEP + WINDOW, "too short to be searched for: {field} as {name}");
            for window in form.windows(WINDOW).take(STEP) {
                let window = window.try_into().expect("a window");
                self.windows.entry(window).or_default().push((self.markers.len(), number));
            }
        }
        self.markers.push((field, text.to_owned(), forms));
    }

    /// The marker of a field.
    pub(super) fn of(&self, field: &str) -> &str {
        let found = self.markers.iter().find(|(name, _, _)| *name == field);
        found.map(|(_, text, _)| text.as_str()).expect("a marker for the field")
    }

    pub(super) fn len(&self) -> usize {
        self.markers.len()
    }
}

/// As it is, in UTF-16, in hexadecimal digits, and in base64 wherever in a longer text it begins.
fn forms(text: &str) -> Forms {
    let bytes = text.as_bytes();
    let mut hex = String::new();
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    let mut forms = vec![
        ("UTF-8", bytes.to_vec()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("hexadecimal", hex.to_uppercase().into_bytes()),
        ("hexadecimal", hex.into_bytes()),
    ];
    // Without its last word's tail and without its spaces: how compression and a normaliser might leave it.
    if let Some((_, last)) = text.rsplit_once(' ') {
        forms.push(("in part", last.as_bytes().to_vec()));
    }
    forms.extend((0..3).map(|shift| ("base64", base64(bytes, shift))));
    forms
}

/// Base64 of `bytes` after `shift` unknown ones: only the characters that the unknown ones leave alone.
fn base64(bytes: &[u8], shift: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.iter().copied()).collect();
    let mut digits = Vec::new();
    for triple in padded.chunks_exact(3) {
        let group = (u32::from(triple[0]) << 16) | (u32::from(triple[1]) << 8) | u32::from(triple[2]);
        digits.extend([18, 12, 6, 0].map(|bits| DIGITS[((group >> bits) & 63) as usize]));
    }
    // The first group mixes in what came before.
    if shift == 0 { digits } else { digits.split_off(4) }
}

/// Whether `bytes` contain `wanted`.
pub(super) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        if bytes[from + at + 1..].starts_with(rest) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// Bytes compared at a time.
const WINDOW: usize = 8;
/// From one place looked at to the next. Every form is at least a step and a window long, so one of the places falls
/// into it, and the window there is one of the form's first windows.
const STEP: usize = 12;

/// Searches one place: at each step whether the window there is one of a form's first, and only then in full.
pub(super) fn search(markers: &Markers, place: &str, bytes: &[u8], found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for at in (0..bytes.len().saturating_sub(WINDOW)).step_by(STEP) {
        let window: [u8; WINDOW] = bytes[at..at + WINDOW].try_into().expect("a window");
        // Most of a database is zero.
        if window == [0; WINDOW] {
            continue;
        }
        for &(marker, form) in markers.windows.get(&window).into_iter().flatten() {
            let (field, _, forms) = &markers.markers[marker];
            let (name, wanted) = &forms[form];
            let around = &bytes[at.saturating_sub(STEP)..bytes.len().min(at + wanted.len())];
            if contains(around, wanted) && seen.insert((marker, form)) {
                found.push(Finding { field, form: name, place: place.to_owned() });
            }
        }
    }
}

/// Searches every file below a directory; how many there are.
pub(super) fn search_files(markers: &Markers, directory: &Path, found: &mut Vec<Finding>) -> usize {
    let mut searched = 0;
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            searched += search_files(markers, &path, found);
        } else if kind.is_file() {
            // A server may remove a file between the listing and the reading.
            if let Ok(bytes) = fs::read(&path) {
                search(markers, &path.display().to_string(), &bytes, found);
                searched += 1;
            }
        }
    }
    searched
}

#[test]
fn a_marker_is_found_in_every_form() {
    let markers = Markers::new(&["sender"]);
    let marker = markers.of("sender").to_owned();
    let whole = |bytes: &[u8]| {
        let mut found = Vec::new();
        search(&markers, "here", bytes, &mut found);
        found.len()
    };
    assert_eq!(whole(b"nothing of the kind"), 0);
    assert!(whole(format!("before {marker} after").as_bytes()) > 0);
    for length in 0..STEP + WINDOW {
        let text = format!("{}{marker}!!!", &"before, between and behind"[..length]);
        assert!(whole(text.as_bytes()) > 0, "after {length} bytes");
        assert!(whole(&base64(text.as_bytes(), 0)) > 0, "in base64 after {length} bytes");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(whole(&wide) > 0, "in UTF-16 after {length} bytes");
    }
}
