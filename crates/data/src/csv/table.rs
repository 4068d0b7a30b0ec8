//! The lines of one CSV file as rows of values with what their columns say.

use super::{Config, Gap};
use crate::files;
use crate::{DataError, Part, times};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line that is read.
const MAX_LINE_BYTES: usize = 1 << 20;

/// A line number and what is wrong there.
pub(super) type Wrong = (usize, String);

/// The bytes of a line, and whether a blank one stands before it.
type Line = (Vec<u8>, bool);

/// One line.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) values: Vec<Option<f32>>,
    pub(super) label: Option<String>,
    pub(super) group: Option<String>,
    pub(super) part: Option<Part>,
    pub(super) time_s: Option<f64>,
    pub(super) after_blank: bool,
}

/// Which column has which duty.
#[derive(Debug, Default)]
struct Columns {
    values: Vec<usize>,
    label: Option<usize>,
    group: Option<usize>,
    part: Option<usize>,
    time: Option<usize>,
}

/// A file being read.
#[derive(Debug)]
pub(super) struct Table<'a> {
    config: &'a Config,
    path: PathBuf,
    reader: BufReader<File>,
    line: usize,
    separator: u8,
    names: Vec<String>,
    columns: Columns,
    /// The first row, where it was read to look for a header.
    ahead: Option<(usize, Vec<String>)>,
}

impl<'a> Table<'a> {
    /// Opens `path` and finds separator, header and columns.
    pub(super) fn open(path: &Path, config: &'a Config) -> Result<Result<Self, Wrong>, DataError> {
        let file = File::open(path).map_err(|source| DataError::Io { path: path.to_owned(), source })?;
        let mut table = Table {
            config,
            path: path.to_owned(),
            reader: BufReader::new(file),
            line: 0,
            separator: b',',
            names: Vec::new(),
            columns: Columns::default(),
            ahead: None,
        };
        let text = match table.line()? {
            Some(Ok((text, _))) => text,
            Some(Err(wrong)) => return Ok(Err(wrong)),
            None => return Ok(Err((1, "the file is empty; record it again, or take it out".into()))),
        };
        table.separator = match config.separator {
            Some(separator) => u8::try_from(separator).unwrap_or(b','),
            None => *[b';', b'\t', b','].iter().find(|&&one| text.contains(&one)).unwrap_or(&b','),
        };
        let line = table.line;
        let begun = table.fields(&text).and_then(|first| table.begin(first));
        if let Err(message) = begun {
            return Ok(Err((line, message)));
        }
        if table.ahead.is_none()
            && let Some(next) = table.line()?
        {
            match next.and_then(|(text, _)| table.fields(&text).map_err(|message| (table.line, message))) {
                Ok(fields) => table.ahead = Some((table.line, fields)),
                Err(wrong) => return Ok(Err(wrong)),
            }
        }
        Ok(table.without_text().map(|()| table).map_err(|message| (line, message)))
    }

    /// Leaves out columns that hold text in the first row, where nobody named the columns of values.
    fn without_text(&mut self) -> Result<(), String> {
        if let (Some((_, first)), true) = (&self.ahead, self.config.values.is_empty()) {
            let is_text = |at: usize| first.get(at).is_some_and(|field| self.number(field).is_err());
            let kept = self.columns.values.iter().copied().filter(|&at| !is_text(at)).collect();
            self.columns.values = kept;
        }
        match self.columns.values.is_empty() {
            true => Err("no column of values is left; name some with values = [\"…\"]".into()),
            false => Ok(()),
        }
    }

    /// Takes the first line as header or as a row.
    fn begin(&mut self, first: Vec<String>) -> Result<(), String> {
        let is_text = |field: &String| self.number(field) == Err(()) && times::seconds(field, 1.0).is_none();
        if self.config.header.unwrap_or_else(|| first.iter().any(is_text)) {
            self.names = first.iter().map(|name| name.trim().to_owned()).collect();
        } else {
            self.names = (1..=first.len()).map(|number| number.to_string()).collect();
            self.ahead = Some((self.line, first));
        }
        let config = self.config;
        let find = |name: &str| -> Result<Option<usize>, String> {
            if name.is_empty() {
                return Ok(None);
            }
            let at = self.names.iter().position(|column| column == name);
            let by_number = || name.parse::<usize>().ok()?.checked_sub(1).filter(|&at| at < self.names.len());
            let known = || format!("no column \"{name}\"; the columns are {}", self.names.join(", "));
            at.or_else(by_number).map(Some).ok_or_else(known)
        };
        let (label, group, part) = (find(&config.label)?, find(&config.group)?, find(&config.part)?);
        let usual = ["timestamp", "time"];
        let usual = self.names.iter().position(|name| usual.contains(&name.to_ascii_lowercase().as_str()));
        let time = if config.time.is_empty() { usual } else { find(&config.time)? };
        let named: Result<Vec<_>, _> = config.values.iter().map(|name| find(name)).collect();
        let mut values: Vec<usize> = named?.into_iter().flatten().collect();
        if values.is_empty() {
            let taken = [label, group, part, time];
            values = (0..self.names.len()).filter(|&at| !taken.contains(&Some(at))).collect();
        }
        self.columns = Columns { values, label, group, part, time };
        Ok(())
    }

    /// Names of the columns of values.
    pub(super) fn value_names(&self) -> Vec<String> {
        self.columns.values.iter().filter_map(|&at| self.names.get(at).cloned()).collect()
    }

    /// Numbers in a row.
    pub(super) fn n_values(&self) -> usize {
        self.columns.values.len()
    }

    /// The next row that is not blank, or what is wrong with it.
    pub(super) fn next_row(&mut self) -> Result<Option<Result<Row, Wrong>>, DataError> {
        if let Some((line, fields)) = self.ahead.take() {
            return Ok(Some(self.row(line, &fields, false)));
        }
        Ok(match self.line()? {
            None => None,
            Some(Err(wrong)) => Some(Err(wrong)),
            Some(Ok((text, after_blank))) => {
                let line = self.line;
                let fields = self.fields(&text).map_err(|message| (line, message));
                Some(fields.and_then(|fields| self.row(line, &fields, after_blank)))
            }
        })
    }

    /// The next line that is not blank, and whether a blank one stands before it.
    fn line(&mut self) -> Result<Option<Result<Line, Wrong>>, DataError> {
        let mut after_blank = false;
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = self.reader.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut text);
            if read.map_err(|source| DataError::Io { path: self.path.clone(), source })? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if text.len() > MAX_LINE_BYTES {
                // The rest of the file would be read as lines of its own.
                let _ = std::io::Seek::seek(&mut self.reader, std::io::SeekFrom::End(0));
                return Ok(Some(Err((
                    self.line,
                    "the line is longer than 1 MiB; is this a CSV file?".into(),
                ))));
            }
            if self.line == 1 && text.starts_with(b"\xef\xbb\xbf") {
                text.drain(..3);
            }
            if text.trim_ascii().is_empty() {
                after_blank = true;
                continue;
            }
            return Ok(Some(Ok((text.trim_ascii_end().to_vec(), after_blank))));
        }
    }

    fn fields(&self, text: &[u8]) -> Result<Vec<String>, String> {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(self.separator).build();
        let (mut out, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 2]);
        let (result, _, mut n_out, mut n_ends) = reader.read_record(text, &mut out, &mut ends);
        if matches!(result, csv_core::ReadRecordResult::InputEmpty) {
            let rest = out.get_mut(n_out..).unwrap_or_default();
            let (_, _, more, ended) =
                reader.read_record(b"", rest, ends.get_mut(n_ends..).unwrap_or_default());
            n_out += more;
            n_ends += ended;
        }
        let mut start = 0;
        let mut fields = Vec::with_capacity(n_ends);
        for &end in ends.iter().take(n_ends) {
            let field = out.get(start..end.min(n_out)).unwrap_or_default();
            fields.push(String::from_utf8_lossy(field).trim().to_owned());
            start = end;
        }
        Ok(fields)
    }

    /// A number, `Ok(None)` where it is missing.
    fn number(&self, field: &str) -> Result<Option<f32>, ()> {
        if field.is_empty() || self.config.missing_words.iter().any(|word| word == field) {
            return Ok(None);
        }
        let with_point = || field.replacen(',', ".", 1);
        let is_comma = self.separator != b',' && field.contains(',') && !field.contains('.');
        let number = if is_comma { with_point().parse::<f32>() } else { field.parse::<f32>() };
        number.ok().filter(|number| number.is_finite()).map(Some).ok_or(())
    }

    fn row(&self, line: usize, fields: &[String], after_blank: bool) -> Result<Row, Wrong> {
        let wrong = |message: String| (line, message);
        if fields.len() != self.names.len() {
            return Err(wrong(format!("{} fields, expected {}", fields.len(), self.names.len())));
        }
        let field = |column: Option<usize>| column.and_then(|at| fields.get(at)).map(String::as_str);
        let name = |at: usize| self.names.get(at).map_or("", String::as_str);
        let mut row = Row { line, after_blank, ..Row::default() };
        for &at in &self.columns.values {
            let text = field(Some(at)).unwrap_or("");
            let number = self.number(text).map_err(|()| {
                wrong(format!(
                    "column \"{}\": expected a number, found \"{}\"; correct it, add it to missing_words, or name the columns \
                     of values",
                    name(at),
                    text.chars().take(20).collect::<String>()
                ))
            })?;
            if number.is_none() && self.config.missing == Gap::Error {
                let way_out = "set missing = \"drop\", \"interpolate\" or \"mark\"";
                return Err(wrong(format!("column \"{}\": the value is missing; {way_out}", name(at))));
            }
            row.values.push(number);
        }
        for (column, place) in [(self.columns.label, &mut row.label), (self.columns.group, &mut row.group)] {
            if let (Some(at), Some(text)) = (column, field(column)) {
                if text.is_empty() {
                    return Err(wrong(format!("column \"{}\" is empty; expected a name", name(at))));
                }
                *place = Some(text.to_owned());
            }
        }
        if let Some(text) = field(self.columns.part) {
            let part = files::part(text);
            row.part = Some(
                part.ok_or_else(|| wrong(format!("part \"{text}\"; expected train, validation or test")))?,
            );
        }
        if let Some(text) = field(self.columns.time) {
            let time = times::seconds(text, self.config.time_unit_s);
            let message =
                || format!("time \"{text}\": expected a number or a date such as 2014-04-01 00:05:00");
            row.time_s = Some(time.ok_or_else(|| wrong(message()))?);
        }
        Ok(row)
    }
}
