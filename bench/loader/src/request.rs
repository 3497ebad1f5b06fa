//! JSON-RPC requests as the bytes of an HTTP request.

use std::io::Write;

use alloy_primitives::hex;

pub struct Renderer {
    head: String,
    method: &'static str,
    body: Vec<u8>,
}

impl Renderer {
    pub fn new(host: &str, path: &str, sync: bool) -> Self {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: ");
        Self {
            head,
            method: if sync { "eth_sendRawTransactionSync" } else { "eth_sendRawTransaction" },
            body: Vec::new(),
        }
    }

    /// One request: a single call for one transaction, a batch for several (or with `batched`).
    pub fn render<'a>(&mut self, transactions: impl Iterator<Item = &'a [u8]>, batched: bool, out: &mut Vec<u8>) {
        self.body.clear();
        for (place, raw) in transactions.enumerate() {
            let opening = match (batched, place) {
                (false, _) => "",
                (true, 0) => "[",
                (true, _) => ",",
            };
            // Writing into a vector cannot fail.
            let _ = write!(
                self.body,
                "{opening}{{\"jsonrpc\":\"2.0\",\"id\":{place},\"method\":\"{}\",\"params\":[\"0x",
                self.method
            );
            let start = self.body.len();
            self.body.resize(start + 2 * raw.len(), 0);
            let _ = hex::encode_to_slice(raw, &mut self.body[start..]);
            self.body.extend_from_slice(b"\"]}");
        }
        if batched {
            self.body.push(b']');
        }
        out.clear();
        let _ = write!(out, "{}{}\r\n\r\n", self.head, self.body.len());
        out.extend_from_slice(&self.body);
    }
}
