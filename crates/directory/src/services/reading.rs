//! Reads packages of HSDS: a folder of tables, a folder of documents, one document, or foreign tables with a mapping.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use helpline_domain::service::check::Problem;
use helpline_domain::service::kind::TABLES;
use helpline_domain::service::nest::{Row, Taken, entries, kind_of, take_apart};
use helpline_domain::service::package::Record;
use serde_json::Value;

use super::mapping::Mapping;

/// The longest file that is read, in bytes.
pub const LONGEST_FILE: u64 = 50 * 1024 * 1024;
/// The rows of all files together.
const MOST_ROWS: usize = 1_000_000;
/// So much is said of what cannot be read.
const MOST_PROBLEMS: usize = 10_000;
/// Tables of the standard that say nothing of services.
const PASSED_OVER: [&str; 2] = ["metadata", "meta_table_descriptions"];

/// What was read: files with their rows, and files that cannot be read.
#[derive(Debug, Default)]
pub struct Read {
    /// Each file with its rows.
    pub files: Vec<(String, Vec<Row>)>,
    /// What kept files or rows from being read.
    pub problems: Vec<Problem>,
}

impl Read {
    fn refuse(&mut self, file: &str, place: String, what: impl Into<String>) {
        self.refuse_field(file, place, String::new(), what.into());
    }

    fn refuse_field(&mut self, file: &str, place: String, field: String, what: String) {
        let what = match self.problems.len() {
            ..MOST_PROBLEMS => what,
            MOST_PROBLEMS => "and more than can be said: they are not listed".to_owned(),
            _ => return,
        };
        self.problems.push(Problem { file: file.to_owned(), place, field, what, bearable: false });
    }

    fn rows(&self) -> usize {
        self.files.iter().map(|(_, rows)| rows.len()).sum()
    }
}

/// Reads the package at a path.
pub fn read(path: &Path, mapping: Option<&Mapping>) -> Read {
    let mut read = Read::default();
    let files = match files_of(path) {
        Ok(files) => files,
        Err(error) => {
            read.refuse(&name_of(path), String::new(), format!("cannot be opened: {error}"));
            return read;
        }
    };
    for file in files {
        let name = name_of(&file);
        let Some(text) = text_of(&file, &name, &mut read) else { continue };
        let rows = match (file.extension().and_then(|extension| extension.to_str()), mapping) {
            (Some("json"), _) => document(&name, &text, &mut read),
            (_, Some(mapping)) => mapped(&name, &text, mapping, &mut read),
            (_, None) => own(&name, &text, &mut read),
        };
        read.files.push((name.clone(), rows));
        if read.rows() > MOST_ROWS {
            read.refuse(
                &name,
                String::new(),
                format!("is the file with which there are more than {MOST_ROWS} rows"),
            );
            break;
        }
    }
    if read.rows() == 0 && read.problems.is_empty() {
        read.refuse(&name_of(path), String::new(), "has no file of the standard with a row in it");
    }
    read
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The tables and documents of a folder by name, or the one file.
fn files_of(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        let counts = match extension {
            Some("csv") => !PASSED_OVER.contains(&stem(&name_of(&file))),
            Some("json") => stem(&name_of(&file)) != "datapackage",
            _ => false,
        };
        if counts {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn text_of(file: &Path, name: &str, read: &mut Read) -> Option<String> {
    let length = fs::metadata(file).map(|metadata| metadata.len());
    let bytes = match length {
        Ok(length) if length > LONGEST_FILE => {
            read.refuse(name, String::new(), format!("is longer than {} MiB", LONGEST_FILE >> 20));
            return None;
        }
        Ok(_) => fs::read(file),
        Err(error) => Err(error),
    };
    match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Ok(Err(error)) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            read.refuse(name, format!("line {line}"), "is not UTF-8; save it as UTF-8 and import again");
            None
        }
        Err(error) => {
            read.refuse(name, String::new(), format!("cannot be read: {error}"));
            None
        }
    }
}

/// A table of the standard.
fn own(name: &str, text: &str, read: &mut Read) -> Vec<Row> {
    let Some(table) = TABLES.iter().find(|table| table.file == stem(name)) else {
        read.refuse(
            name,
            String::new(),
            "is no table of the standard; give a mapping if it is one of your own",
        );
        return Vec::new();
    };
    let to_row = |(place, fields)| Row { kind: table.kind, place, fields, inside: false };
    table_rows(name, text, read).into_iter().map(to_row).collect()
}

/// A table of somebody's own, by a mapping.
fn mapped(name: &str, text: &str, mapping: &Mapping, read: &mut Read) -> Vec<Row> {
    let rows = table_rows(name, text, read);
    let most = MOST_ROWS.saturating_sub(read.rows());
    let mut made = Vec::new();
    for table in mapping.tables(name) {
        for (place, cells) in &rows {
            if !table.rows(place, cells, most, &mut made) {
                read.refuse(name, place.clone(), format!("makes more than {MOST_ROWS} rows of the file"));
                return made;
            }
        }
    }
    made
}

/// The rows of a table, each with the line on which it begins.
fn table_rows(name: &str, text: &str, read: &mut Read) -> Vec<(String, Record)> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let Ok(heads) = reader.headers().cloned() else {
        read.refuse(name, "line 1".to_owned(), "has no heads of columns that can be read");
        return Vec::new();
    };
    let mut lines = Lines { text: text.as_bytes(), read: 0, line: 1 };
    let place = lines.place(heads.position());
    let heads = heads_of(name, &place, &heads, read);
    let mut rows = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) => {
                let cells = heads.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty());
                let cells = cells.map(|(head, cell)| (head.clone(), Value::from(as_meant(cell))));
                rows.push((lines.place(row.position()), cells.collect()));
            }
            Err(error) => {
                let place = lines.place(error.position());
                read.refuse(name, place, "has another number of cells than the first row has");
            }
        }
        if rows.len() > MOST_ROWS {
            break;
        }
    }
    rows
}

/// The heads of columns; one that is empty is named by its number.
fn heads_of(name: &str, place: &str, heads: &csv::StringRecord, read: &mut Read) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut named = Vec::new();
    for (column, head) in (1..).zip(heads) {
        let head = match head.trim() {
            "" => format!("column {column}"),
            head => head.to_owned(),
        };
        if !known.insert(head.clone()) {
            read.refuse_field(name, place.to_owned(), head.clone(), "is the head of two columns".to_owned());
        }
        named.push(head);
    }
    named
}

/// The lines of a text, counted as it is read.
struct Lines<'a> {
    text: &'a [u8],
    read: usize,
    line: usize,
}

impl Lines<'_> {
    /// On which line a row begins, given where the one before ended: what is empty between them is passed over.
    fn place(&mut self, after: Option<&csv::Position>) -> String {
        let after = after.map_or(self.read, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        while let Some(byte) = self.text.get(self.read) {
            let ends = matches!(byte, b'\r' | b'\n');
            if self.read >= after && !ends {
                break;
            }
            let in_two = *byte == b'\r' && self.text.get(self.read + 1) == Some(&b'\n');
            self.line += usize::from(ends && !in_two);
            self.read += 1;
        }
        format!("line {}", self.line)
    }
}

/// A cell without the sign that keeps a spreadsheet from computing it, which an export puts there.
fn as_meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => cell,
    }
}

/// A document: of one record, of a page of records, of a list, or of tables by name.
fn document(name: &str, text: &str, read: &mut Read) -> Vec<Row> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            read.refuse(name, format!("line {}", error.line()), "is no JSON from there on");
            return Vec::new();
        }
    };
    let mut taken = Taken::default();
    match value {
        // A record has parts that are named like tables, and an id.
        Value::Object(tables)
            if !tables.contains_key("id") && tables.keys().any(|key| table_named(key).is_some()) =>
        {
            for (key, list) in &tables {
                let Some(table) = table_named(key) else {
                    if list.is_array() && !PASSED_OVER.contains(&stem(key)) {
                        taken.faults.push((key.clone(), "is no table of the standard"));
                    }
                    continue;
                };
                for (index, fields) in entries(Some(list), table.file, &mut taken.faults) {
                    let place = format!("{}[{index}]", table.file);
                    taken.rows.push(Row { kind: table.kind, place, fields: fields.clone(), inside: false });
                }
            }
        }
        Value::Object(mut page) if page.get("contents").is_some_and(Value::is_array) => {
            each(page.remove("contents").as_ref(), &mut taken);
        }
        Value::Object(_) => one(&value, "document", &mut taken),
        Value::Array(_) => each(Some(&value), &mut taken),
        _ => read.refuse(name, String::new(), "is neither a record nor a list of records"),
    }
    for (place, what) in taken.faults {
        read.refuse(name, place, what);
    }
    taken.rows
}

fn table_named(key: &str) -> Option<&'static helpline_domain::service::kind::Table> {
    TABLES
        .iter()
        .find(|table| key.strip_suffix(".csv").unwrap_or(key) == table.file && !table.file.is_empty())
}

fn each(list: Option<&Value>, taken: &mut Taken) {
    for (index, value) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
        one(value, &format!("[{index}]"), taken);
    }
}

fn one(value: &Value, place: &str, taken: &mut Taken) {
    match value.as_object().and_then(|document| Some((kind_of(document)?, document))) {
        // Documents may repeat what others say, as long as nothing contradicts.
        Some((kind, document)) => take_apart(kind, document, place, true, taken),
        None => {
            taken.faults.push((place.to_owned(), "is no record of the standard that is known by its fields"));
        }
    }
}
