//! Precompiles of a call, which its state override may move or replace (go-ethereum's `override` package).

use std::collections::{HashMap, HashSet};

use alloy_primitives::Address;
use op_revm::{OpSpecId, precompiles::OpPrecompiles};
use revm::{
    context::Cfg,
    context_interface::ContextTr,
    handler::PrecompileProvider,
    interpreter::{CallInputs, InterpreterResult},
};

use crate::error::RpcError;

/// The precompiles of the rules, without those whose address was overridden, and with those that were moved.
#[derive(Debug, Clone)]
pub struct CallPrecompiles {
    rules: OpPrecompiles,
    /// Addresses that are ordinary accounts now.
    replaced: HashSet<Address>,
    /// New address, and the precompile that runs there.
    moved: HashMap<Address, Address>,
}

impl CallPrecompiles {
    pub fn new(rules: OpSpecId) -> Self {
        Self { rules: OpPrecompiles::new_with_spec(rules), replaced: HashSet::new(), moved: HashMap::new() }
    }

    /// Notes that an account was overridden: a precompile there is one no longer, but perhaps elsewhere.
    pub fn override_account(&mut self, address: Address, moves_to: Option<Address>) -> Result<(), RpcError> {
        let is_precompile = self.rules.precompiles().contains(&address) && !self.replaced.contains(&address);
        if let Some(destination) = moves_to {
            if !is_precompile {
                return Err(RpcError::server(format!("account {address} is not a precompile")));
            }
            if self.moved.insert(destination, address).is_some() {
                return Err(RpcError::server(format!("account {destination} is already overridden")));
            }
        }
        if is_precompile {
            self.replaced.insert(address);
        }
        Ok(())
    }

    /// The address under which the rules know what runs at an address.
    fn source(&self, address: &Address) -> Option<Address> {
        match self.moved.get(address) {
            Some(source) => Some(*source),
            None => {
                (!self.replaced.contains(address) && self.rules.precompiles().contains(address)).then_some(*address)
            }
        }
    }
}

impl<CTX> PrecompileProvider<CTX> for CallPrecompiles
where
    CTX: ContextTr<Cfg: Cfg<Spec = OpSpecId>>,
{
    type Output = InterpreterResult;

    fn set_spec(&mut self, rules: OpSpecId) -> bool {
        PrecompileProvider::<CTX>::set_spec(&mut self.rules, rules);
        // The journal has to learn which addresses are warm, whatever the rules.
        true
    }

    fn run(&mut self, context: &mut CTX, inputs: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        match self.source(&inputs.bytecode_address) {
            None => Ok(None),
            Some(source) if source == inputs.bytecode_address => self.rules.run(context, inputs),
            Some(source) => self.rules.run(context, &CallInputs { bytecode_address: source, ..inputs.clone() }),
        }
    }

    fn warm_addresses(&self) -> Box<impl Iterator<Item = Address>> {
        let kept = self.rules.precompiles().addresses().filter(|address| !self.replaced.contains(*address));
        Box::new(kept.chain(self.moved.keys()).copied())
    }

    fn contains(&self, address: &Address) -> bool {
        self.source(address).is_some()
    }
}
