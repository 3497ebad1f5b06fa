//! Bounds on an execution that nobody pays for: time, and the memory that its traces take.

use std::time::Instant;

use alloy_primitives::Log;
use revm::{
    Inspector,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, InstructionResult, Interpreter, InterpreterTypes,
        interpreter_types::{LoopControl, MemoryTr, StackTr},
    },
};

use super::QueryContext;
use crate::error::RpcError;

/// Steps between two looks at the clock.
const CHECK_EVERY: u64 = 1024;
/// What one structured log takes besides its stack.
const STEP_BYTES: usize = 256;
/// What a call or a log takes in a trace besides its data.
const CALL_BYTES: usize = 512;
/// Most that the traces of one answer may take together.
pub const TRACE_BYTES: usize = 256 << 20;

/// What a tracer keeps of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Nothing,
    /// Inputs, outputs and logs of calls.
    Calls,
    /// Those, and the stack before every instruction; with `memory` that, too.
    Steps {
        memory: bool,
    },
}

/// Stops an execution at its deadline. Every frame stops at its next instruction, so that callers of the stopped frame end,
/// too; the result is void then and [`Guard::check`] says so.
#[derive(Debug, Clone)]
pub struct Guard {
    deadline: Instant,
    timeout_ms: u64,
    steps: u64,
    recorded: Recorded,
    /// Bytes that the tracer may still take.
    trace_bytes: usize,
    stopped: Option<Stop>,
}

#[derive(Debug, Clone, Copy)]
enum Stop {
    Time,
    Memory,
}

impl Guard {
    pub fn new(context: &QueryContext) -> Self {
        Self {
            deadline: context.deadline,
            timeout_ms: context.limits.call_timeout_ms,
            steps: 0,
            recorded: Recorded::Nothing,
            trace_bytes: 0,
            stopped: None,
        }
    }

    /// Also bounds what a tracer takes: `left` bytes.
    pub const fn recording(mut self, recorded: Recorded, left: usize) -> Self {
        self.recorded = recorded;
        self.trace_bytes = left;
        self
    }

    /// Of the bytes that the tracer might take.
    pub const fn left(&self) -> usize {
        self.trace_bytes
    }

    /// An error if the execution was stopped.
    pub fn check(&self) -> Result<(), RpcError> {
        match self.stopped {
            None => Ok(()),
            Some(Stop::Time) => Err(RpcError::server(format!("execution aborted (timeout = {}ms)", self.timeout_ms))),
            Some(Stop::Memory) => Err(RpcError::new(
                RpcError::LIMIT,
                format!(
                    "trace is larger than {} MiB, trace fewer transactions, or without stack and memory",
                    TRACE_BYTES >> 20
                ),
            )),
        }
    }

    fn take(&mut self, bytes: usize) {
        match self.trace_bytes.checked_sub(bytes) {
            Some(rest) => self.trace_bytes = rest,
            None => self.stopped = Some(Stop::Memory),
        }
    }

    fn take_data(&mut self, bytes: usize) {
        if self.recorded != Recorded::Nothing {
            self.take(CALL_BYTES + bytes);
        }
    }
}

impl<CTX, INTR: InterpreterTypes<Stack: StackTr, Memory: MemoryTr, Bytecode: LoopControl>> Inspector<CTX, INTR>
    for Guard
{
    fn step(&mut self, interp: &mut Interpreter<INTR>, _context: &mut CTX) {
        self.steps += 1;
        if self.steps.is_multiple_of(CHECK_EVERY) && Instant::now() >= self.deadline {
            self.stopped = Some(Stop::Time);
        }
        if let Recorded::Steps { memory } = self.recorded {
            let memory = if memory { interp.memory.size() } else { 0 };
            self.take(STEP_BYTES + interp.stack.len() * 32 + memory);
        }
        if self.stopped.is_some() {
            interp.halt(InstructionResult::OutOfGas);
        }
    }

    fn log(&mut self, _context: &mut CTX, log: Log) {
        self.take_data(log.data.data.len());
    }

    fn call(&mut self, _context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.take_data(inputs.input.len());
        None
    }

    fn call_end(&mut self, _context: &mut CTX, _inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.take_data(outcome.output().len());
    }

    fn create(&mut self, _context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.take_data(inputs.init_code().len());
        None
    }

    fn create_end(&mut self, _context: &mut CTX, _inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.take_data(outcome.output().len());
    }
}
