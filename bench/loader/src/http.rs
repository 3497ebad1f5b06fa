//! Where an HTTP/1.1 response ends, and its body.

use crate::Outcome;

const MAX_HEADERS: usize = 32;

/// The body and the whole length of the response at the start of `bytes`; `None` while it is not complete.
pub fn response(bytes: &[u8]) -> Outcome<Option<(Vec<u8>, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = parsed.parse(bytes)? else { return Ok(None) };
    let header = |name: &str| {
        parsed.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| String::from_utf8_lossy(h.value))
    };
    if let Some(status) = parsed.code.filter(|code| *code != 200) {
        return Err(format!("the node answers with HTTP status {status}").into());
    }
    if let Some(length) = header("content-length") {
        let end = start + length.trim().parse::<usize>()?;
        return Ok(bytes.get(start..end).map(|body| (body.to_vec(), end)));
    }
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return chunked(bytes, start);
    }
    Err("the node's response has no length".into())
}

fn chunked(bytes: &[u8], mut position: usize) -> Outcome<Option<(Vec<u8>, usize)>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((head, size)) =
            httparse::parse_chunk_size(&bytes[position..]).map_err(|_| "the node's response has an invalid chunk")?
        else {
            return Ok(None);
        };
        let (start, end) = (position + head, position + head + size as usize);
        let Some(chunk) = bytes.get(start..end).filter(|_| bytes.len() >= end + 2) else { return Ok(None) };
        body.extend_from_slice(chunk);
        position = end + 2;
        if size == 0 {
            return Ok(Some((body, position)));
        }
    }
}
