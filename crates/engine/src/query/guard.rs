//! Bounds on an execution that nobody pays for: time, and the memory that a trace takes.

use std::time::Instant;

use revm::{
    Inspector,
    interpreter::{
        InstructionResult, Interpreter, InterpreterTypes,
        interpreter_types::{LoopControl, StackTr},
    },
};

use super::QueryContext;
use crate::error::RpcError;

/// Steps between two looks at the clock.
const CHECK_EVERY: u64 = 1024;
/// What one structured log takes besides its stack.
const STEP_BYTES: usize = 256;
/// Most that the structured logs of one trace may take.
const TRACE_BYTES: usize = 512 << 20;

/// Stops an execution at its deadline. Every frame stops at its next instruction, so that callers of the stopped frame end,
/// too; the result is void then and [`Guard::check`] says so.
#[derive(Debug, Clone)]
pub struct Guard {
    deadline: Instant,
    timeout_ms: u64,
    steps: u64,
    /// Bytes that a recording tracer may still take; `None` if nothing is recorded per step.
    trace_bytes: Option<usize>,
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
            trace_bytes: None,
            stopped: None,
        }
    }

    /// Also bounds what a tracer records per step.
    pub const fn recording(mut self) -> Self {
        self.trace_bytes = Some(TRACE_BYTES);
        self
    }

    /// An error if the execution was stopped.
    pub fn check(&self) -> Result<(), RpcError> {
        match self.stopped {
            None => Ok(()),
            Some(Stop::Time) => Err(RpcError::server(format!("execution aborted (timeout = {}ms)", self.timeout_ms))),
            Some(Stop::Memory) => Err(RpcError::new(
                RpcError::LIMIT,
                format!("trace is larger than {} MiB, disable stack or memory capture", TRACE_BYTES >> 20),
            )),
        }
    }

    fn account(&mut self, stack: usize) {
        if let Some(left) = &mut self.trace_bytes {
            match left.checked_sub(STEP_BYTES + stack * 32) {
                Some(rest) => *left = rest,
                None => self.stopped = Some(Stop::Memory),
            }
        }
    }
}

impl<CTX, INTR: InterpreterTypes<Stack: StackTr, Bytecode: LoopControl>> Inspector<CTX, INTR> for Guard {
    fn step(&mut self, interp: &mut Interpreter<INTR>, _context: &mut CTX) {
        self.steps += 1;
        if self.steps.is_multiple_of(CHECK_EVERY) && Instant::now() >= self.deadline {
            self.stopped = Some(Stop::Time);
        }
        self.account(interp.stack.len());
        if self.stopped.is_some() {
            interp.halt(InstructionResult::OutOfGas);
        }
    }
}
