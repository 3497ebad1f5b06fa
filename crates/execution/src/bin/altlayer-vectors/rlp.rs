//! RLPTests: strict decoding (anything not canonical is an error) and encoding.

use std::path::Path;

use alloy_primitives::{Bytes, U256};
use alloy_rlp::{Encodable, Header};
use serde_json::Value;

use crate::{
    report::Report,
    vectors::{bytes, cases, text},
};

/// Deeper nesting than any protocol object has: refused instead of recursed into.
const MAX_DEPTH: usize = 1024;

#[derive(Debug, PartialEq)]
enum Item {
    Text(Bytes),
    List(Vec<Item>),
}

pub fn run(_: &Path, name: &str, contents: Vec<u8>) -> Report {
    let mut report = Report::default();
    match cases(&contents) {
        Ok(cases) => {
            for (case, value) in &cases {
                report.check(|| format!("{name}/{case}"), check(value));
            }
        }
        Err(error) => report.fail(name, error),
    }
    report
}

fn check(case: &Value) -> Result<(), String> {
    let out = text(case, "out")?;
    let encoded = match bytes(out) {
        Ok(encoded) => encoded,
        // Half a byte cannot even be handed to a decoder.
        Err(_) if case["in"] == "INVALID" => return Ok(()),
        Err(error) => return Err(error),
    };
    let decoded = decode_exact(&encoded);
    match case.get("in") {
        Some(Value::String(verdict)) if verdict == "INVALID" => match decoded {
            Ok(item) => Err(format!("invalid RLP was decoded to {item:?}")),
            Err(_) => Ok(()),
        },
        Some(Value::String(verdict)) if verdict == "VALID" => round_trip(&decoded?, &encoded),
        Some(input) => {
            let expected = item(input)?;
            let decoded = decoded?;
            if decoded != expected {
                return Err(format!("decoded to {decoded:?}, expected {expected:?}"));
            }
            round_trip(&expected, &encoded)
        }
        None => Err("`in` is missing".into()),
    }
}

fn round_trip(item: &Item, encoded: &[u8]) -> Result<(), String> {
    let mut out = Vec::new();
    encode(item, &mut out);
    if out == encoded { Ok(()) } else { Err("encodes to other bytes".into()) }
}

/// The vector's notation: text, `#` and a decimal number, numbers, lists.
fn item(value: &Value) -> Result<Item, String> {
    let number = |number: U256| Item::Text(Bytes::from(number.to_be_bytes_trimmed_vec()));
    match value {
        Value::Array(items) => Ok(Item::List(items.iter().map(item).collect::<Result<_, _>>()?)),
        Value::Number(value) => Ok(number(U256::from(value.as_u64().ok_or("number is not unsigned")?))),
        Value::String(text) => match text.strip_prefix('#') {
            Some(digits) => match U256::from_str_radix(digits, 10) {
                Ok(value) => Ok(number(value)),
                // 2^256 itself is among the vectors.
                Err(_) if digits == TWO_TO_256 => {
                    let mut bytes = vec![0; 33];
                    bytes[0] = 1;
                    Ok(Item::Text(bytes.into()))
                }
                Err(error) => Err(error.to_string()),
            },
            None => Ok(Item::Text(Bytes::copy_from_slice(text.as_bytes()))),
        },
        _ => Err("unknown notation".into()),
    }
}

const TWO_TO_256: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639936";

fn decode_exact(encoded: &[u8]) -> Result<Item, String> {
    let mut rest = encoded;
    let item = decode(&mut rest, 0)?;
    if rest.is_empty() { Ok(item) } else { Err("bytes after the item".into()) }
}

fn decode(rest: &mut &[u8], depth: usize) -> Result<Item, String> {
    if depth > MAX_DEPTH {
        return Err("nested too deeply".into());
    }
    let header = Header::decode(rest).map_err(|error| error.to_string())?;
    let (mut payload, after) = rest.split_at_checked(header.payload_length).ok_or("payload is cut off")?;
    *rest = after;
    if !header.list {
        return Ok(Item::Text(Bytes::copy_from_slice(payload)));
    }
    let mut items = Vec::new();
    while !payload.is_empty() {
        items.push(decode(&mut payload, depth + 1)?);
    }
    Ok(Item::List(items))
}

fn encode(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Text(bytes) => bytes.encode(out),
        Item::List(items) => {
            let mut payload = Vec::new();
            for item in items {
                encode(item, &mut payload);
            }
            Header { list: true, payload_length: payload.len() }.encode(out);
            out.extend_from_slice(&payload);
        }
    }
}
