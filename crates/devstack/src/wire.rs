//! Just enough of the protocols of Postgres and Redis to ask "are you there?" and to run administrative statements.
//!
//! A driver would do the same and would be most of the build time of `cargo xtask`.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::error::Error;

/// One answered row; `None` is SQL's NULL.
pub(crate) type Row = Vec<Option<String>>;

const PROTOCOL_3: u32 = 0x0003_0000;

/// A message of the server larger than this is taken for noise: we only ask small questions.
const MAX_MESSAGE: usize = 16 << 20;

/// A connection through the socket that needs no password.
pub(crate) struct PostgresConnection {
    stream: UnixStream,
}

impl PostgresConnection {
    /// Connects and waits until the server is ready for statements.
    pub(crate) fn open(socket: &Path, user: &str, database: &str, timeout: Duration) -> Result<Self, Error> {
        let stream = UnixStream::connect(socket).map_err(lost_postgres)?;
        stream.set_read_timeout(Some(timeout)).map_err(lost_postgres)?;
        stream.set_write_timeout(Some(timeout)).map_err(lost_postgres)?;
        let mut body = PROTOCOL_3.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, "client_encoding", "UTF8"] {
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        let mut connection = Self { stream };
        connection.send(None, &body)?;
        connection.until_ready()?;
        Ok(connection)
    }

    /// Runs SQL (several statements may be parted by `;`) and returns all rows as text.
    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.until_ready()
    }

    fn send(&mut self, tag: Option<u8>, body: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(body.len() + 4).map_err(|_| nonsense())?;
        let mut message = Vec::with_capacity(body.len() + 5);
        message.extend(tag);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        self.stream.write_all(&message).map_err(lost_postgres)
    }

    fn receive(&mut self) -> Result<(u8, Vec<u8>), Error> {
        let mut head = [0_u8; 5];
        self.stream.read_exact(&mut head).map_err(lost_postgres)?;
        let [tag, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if !(4..MAX_MESSAGE).contains(&length) {
            return Err(nonsense());
        }
        let mut body = vec![0_u8; length - 4];
        self.stream.read_exact(&mut body).map_err(lost_postgres)?;
        Ok((tag, body))
    }

    fn until_ready(&mut self) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut failure = None;
        loop {
            let (tag, body) = self.receive()?;
            match tag {
                b'Z' => return failure.map_or(Ok(rows), Err),
                b'D' => rows.push(parse_row(&body).ok_or_else(nonsense)?),
                b'E' => {
                    let error = parse_error(&body);
                    // A refused connection is closed at once, without becoming ready.
                    if matches!(
                        error.sql_state(),
                        Some("57P03" | "53300" | "3D000" | "28000" | "28P01" | "57P01")
                    ) {
                        return Err(error);
                    }
                    failure = Some(error);
                }
                b'R' if body.get(..4) != Some(&[0; 4]) => {
                    return Err(Error::Connection {
                        server: "PostgreSQL",
                        reason: "it asks for a password on the private socket".to_owned(),
                    });
                }
                _ => {}
            }
        }
    }
}

fn parse_row(mut body: &[u8]) -> Option<Row> {
    let mut take = |count: usize| {
        let (head, rest) = body.split_at_checked(count)?;
        body = rest;
        Some(head)
    };
    let columns = u16::from_be_bytes(take(2)?.try_into().ok()?);
    (0..columns)
        .map(|_| {
            let length = i32::from_be_bytes(take(4)?.try_into().ok()?);
            if length < 0 {
                return Some(None);
            }
            let value = take(usize::try_from(length).ok()?)?;
            Some(Some(String::from_utf8_lossy(value).into_owned()))
        })
        .collect()
}

fn parse_error(body: &[u8]) -> Error {
    let (mut code, mut message) = (String::new(), String::new());
    for field in body.split(|byte| *byte == 0) {
        match field.split_first() {
            Some((b'C', text)) => code = String::from_utf8_lossy(text).into_owned(),
            Some((b'M', text)) => message = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    Error::Sql { code, message }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn lost_postgres(error: std::io::Error) -> Error {
    Error::Connection { server: "PostgreSQL", reason: error.to_string() }
}

fn nonsense() -> Error {
    Error::Connection { server: "PostgreSQL", reason: "an answer outside its protocol".to_owned() }
}

/// Sends one command to Redis after signing in; the first line of its answer without the type mark.
pub(crate) fn redis_command(
    port: u16,
    password: &str,
    words: &[&str],
    timeout: Duration,
) -> Result<String, Error> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(lost_redis)?;
    stream.set_read_timeout(Some(timeout)).map_err(lost_redis)?;
    stream.set_write_timeout(Some(timeout)).map_err(lost_redis)?;
    let mut reader = BufReader::new(stream);
    ask_redis(&mut reader, &["AUTH", password])?;
    ask_redis(&mut reader, words)
}

fn ask_redis(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Result<String, Error> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
    }
    stream.get_mut().write_all(request.as_bytes()).map_err(lost_redis)?;
    let mut line = String::new();
    stream.read_line(&mut line).map_err(lost_redis)?;
    match line.split_at_checked(1) {
        Some(("+" | ":", text)) => Ok(text.trim_end().to_owned()),
        Some(("$", length)) if !length.starts_with('-') => {
            let mut text = String::new();
            stream.read_line(&mut text).map_err(lost_redis)?;
            Ok(text.trim_end().to_owned())
        }
        _ => Err(Error::Connection { server: "Redis", reason: format!("it answered {:?}", line.trim_end()) }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn lost_redis(error: std::io::Error) -> Error {
    Error::Connection { server: "Redis", reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_null_and_text_is_read() {
        let body = [0, 2, 255, 255, 255, 255, 0, 0, 0, 2, b'h', b'i'];
        assert_eq!(parse_row(&body), Some(vec![None, Some("hi".to_owned())]));
    }

    #[test]
    fn a_row_that_is_cut_off_is_refused() {
        assert_eq!(parse_row(&[0, 1, 0, 0, 0, 9, b'x']), None);
    }

    #[test]
    fn an_error_keeps_its_sqlstate() {
        assert_eq!(parse_error(b"SERROR\0C42P01\0Mno such table\0\0").sql_state(), Some("42P01"));
    }
}
