//! What go-ethereum's tracers answer where those of revm-inspectors answer otherwise.

use std::collections::{HashSet, btree_map::Entry};

use alloy_primitives::{Address, U256};
use alloy_rpc_types_trace::{
    geth::{
        AccountState, CallFrame, DefaultFrame, GethDebugBuiltInTracerType, GethDebugTracerType,
        GethDebugTracingOptions, GethTrace, PreStateConfig, PreStateFrame, PreStateMode, StructLog,
    },
    parity::{LocalizedTransactionTrace, TraceOutput},
};
use altlayer_execution::DbError;
use op_revm::constants::{BASE_FEE_RECIPIENT, L1_FEE_RECIPIENT, OPERATOR_FEE_RECIPIENT};
use revm::{
    DatabaseRef, Inspector,
    bytecode::opcode,
    context::TxEnv,
    interpreter::{
        CallInputs, CallOutcome, Interpreter, InterpreterTypes,
        interpreter_types::{Jumps, StackTr},
    },
    state::{Account, EvmState},
};

use super::call::CallState;

/// Where the OP Stack sends fees. The execution credits them after the transaction's own steps, which a prestate leaves out.
const FEE_VAULTS: [Address; 3] = [BASE_FEE_RECIPIENT, L1_FEE_RECIPIENT, OPERATOR_FEE_RECIPIENT];

/// Notes which fee vaults a transaction's own steps look at.
#[derive(Debug, Default)]
pub struct VaultVisits {
    visited: HashSet<Address>,
}

impl VaultVisits {
    fn note(&mut self, address: Address) {
        if FEE_VAULTS.contains(&address) {
            self.visited.insert(address);
        }
    }

    /// Takes the vaults out of a state that only the crediting of fees put there.
    pub fn hide_credited(&self, state: &mut EvmState) -> Vec<(Address, Account)> {
        let credited = FEE_VAULTS.iter().filter(|vault| !self.visited.contains(*vault));
        credited.filter_map(|vault| state.remove_entry(vault)).collect()
    }
}

impl<CTX, INTR: InterpreterTypes<Stack: StackTr, Bytecode: Jumps>> Inspector<CTX, INTR> for VaultVisits {
    fn step(&mut self, interp: &mut Interpreter<INTR>, _context: &mut CTX) {
        // How far below the top of the stack the address lies.
        let depth = match interp.bytecode.opcode() {
            opcode::BALANCE
            | opcode::EXTCODESIZE
            | opcode::EXTCODECOPY
            | opcode::EXTCODEHASH
            | opcode::SELFDESTRUCT => 0,
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL => 1,
            _ => return,
        };
        let stack = interp.stack.data();
        if let Some(word) = stack.len().checked_sub(depth + 1).and_then(|index| stack.get(index)) {
            self.note(Address::from_word((*word).into()));
        }
    }

    fn call(&mut self, _context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.note(inputs.target_address);
        None
    }
}

/// What the correction of a trace needs to know of its transaction.
pub struct Traced<'a> {
    pub tx: &'a TxEnv,
    pub gas_used: u64,
    pub coinbase: Address,
    /// The state before the transaction.
    pub before: &'a CallState,
    /// What it changed.
    pub changes: &'a EvmState,
}

impl Traced<'_> {
    pub fn correct(&self, trace: &mut GethTrace, options: &GethDebugTracingOptions) -> Result<(), DbError> {
        let config = &options.tracer_config;
        match trace {
            GethTrace::Default(frame) => shape_steps(frame, options.config.limit),
            GethTrace::CallTracer(frame)
                if config.clone().into_call_config().is_ok_and(|config| config.only_top_call == Some(true)) =>
            {
                frame.calls.clear();
            }
            GethTrace::FlatCallTracer(frames) => {
                self.whole_gas(frames);
                let config = config.clone().into_flat_call_config().unwrap_or_default();
                if config.convert_parity_errors != Some(true) {
                    word_failures(frames);
                }
            }
            GethTrace::PreStateTracer(PreStateFrame::Default(accounts)) => {
                self.complete_prestate(accounts, &config.clone().into_pre_state_config().unwrap_or_default())?;
            }
            GethTrace::MuxTracer(traces) => {
                for (tracer, trace) in &mut traces.0 {
                    self.correct_muxed(tracer, trace)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A muxed tracer's answer: its options are not told here, and the top frame was left without what the transaction says.
    fn correct_muxed(&self, tracer: &GethDebugTracerType, trace: &mut GethTrace) -> Result<(), DbError> {
        match (tracer, trace) {
            (
                GethDebugTracerType::BuiltInTracer(GethDebugBuiltInTracerType::CallTracer),
                GethTrace::CallTracer(frame),
            ) => self.top_frame(frame),
            (_, GethTrace::FlatCallTracer(frames)) => self.whole_gas(frames),
            (_, GethTrace::PreStateTracer(PreStateFrame::Default(accounts))) => {
                self.complete_prestate(accounts, &PreStateConfig::default())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn top_frame(&self, frame: &mut CallFrame) {
        frame.gas = U256::from(self.tx.gas_limit);
        frame.from = self.tx.caller;
    }

    /// The first frame's gas is the transaction's: with what it pays before its first step.
    fn whole_gas(&self, frames: &mut [LocalizedTransactionTrace]) {
        match frames.first_mut().and_then(|frame| frame.trace.result.as_mut()) {
            Some(TraceOutput::Call(output)) => output.gas_used = self.gas_used,
            Some(TraceOutput::Create(output)) => output.gas_used = self.gas_used,
            None => {}
        }
    }

    /// The state before a transaction has its coinbase, and not what the transaction created on empty accounts.
    fn complete_prestate(&self, accounts: &mut PreStateMode, config: &PreStateConfig) -> Result<(), DbError> {
        accounts.0.retain(|address, account| {
            let created = self.changes.get(address).is_some_and(Account::is_created);
            let was_empty =
                account.balance.unwrap_or_default().is_zero() && account.nonce.is_none() && account.code.is_none();
            !(created && was_empty)
        });
        if let Entry::Vacant(entry) = accounts.0.entry(self.coinbase) {
            entry.insert(self.coinbase_before(config)?);
        }
        Ok(())
    }

    fn coinbase_before(&self, config: &PreStateConfig) -> Result<AccountState, DbError> {
        let info = self.before.basic_ref(self.coinbase)?.unwrap_or_default();
        let code = if config.code_enabled() && !info.is_empty_code_hash() {
            Some(self.before.code_by_hash_ref(info.code_hash)?.original_bytes())
        } else {
            None
        };
        Ok(AccountState::from_account_info(info.nonce, info.balance, code))
    }
}

/// go-ethereum's words for why a frame failed, where the library has Parity's.
fn word_failures(frames: &mut [LocalizedTransactionTrace]) {
    for error in frames.iter_mut().filter_map(|frame| frame.trace.error.as_mut()) {
        let words = match error.as_str() {
            "Reverted" => "execution reverted",
            "Out of gas" => "out of gas",
            "Bad instruction" => "invalid opcode: INVALID",
            "Bad jump destination" => "invalid jump destination",
            "Mutable Call In Static Context" => "write protection",
            _ => continue,
        };
        *error = words.into();
    }
}

fn shape_steps(frame: &mut DefaultFrame, limit: Option<u64>) {
    for step in &mut frame.struct_logs {
        step.error = step.error.take().and_then(|error| step_error(&error));
    }
    if let Some(limit) = limit.filter(|limit| *limit > 0) {
        // Bytes of the answer after which no further step is begun.
        let mut bytes = 0;
        let kept = frame.struct_logs.iter().take_while(|step| {
            let room = bytes <= limit;
            bytes += step_bytes(step);
            room
        });
        let kept = kept.count();
        frame.struct_logs.truncate(kept);
    }
}

fn step_bytes(step: &StructLog) -> u64 {
    serde_json::to_vec(step).map_or(0, |text| text.len() as u64)
}

/// go-ethereum's words for a step that could not begin. One that failed on its way has no error of its own.
fn step_error(error: &str) -> Option<String> {
    let reason = error.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(error);
    let words = match reason {
        "StackUnderflow" => "stack underflow",
        "StackOverflow" => "stack limit reached 1024 (1023)",
        _ if reason.ends_with("OutOfGas") || reason.ends_with("OOG") => "out of gas",
        _ => return None,
    };
    Some(words.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_ends_the_steps_but_never_before_the_first() {
        let step = StructLog { op: "PUSH1".into(), ..Default::default() };
        let one = step_bytes(&step);
        for (limit, kept) in [(1, 1), (one, 2), (one + 1, 2), (0, 5), (one * 100, 5)] {
            let mut frame = DefaultFrame { struct_logs: vec![step.clone(); 5], ..Default::default() };
            shape_steps(&mut frame, Some(limit));
            assert_eq!(frame.struct_logs.len(), kept, "limit {limit} of {one} each");
        }
    }

    #[test]
    fn steps_fail_in_go_ethereums_words() {
        assert_eq!(step_error("Some(OutOfGas)").as_deref(), Some("out of gas"));
        assert_eq!(step_error("Some(MemoryOOG)").as_deref(), Some("out of gas"));
        assert_eq!(step_error("Some(StackUnderflow)").as_deref(), Some("stack underflow"));
        assert_eq!(step_error("Some(InvalidFEOpcode)"), None);
    }
}
