import { type Command, CommanderError, Option } from "commander";
import { action, type Run, whole, withLogging } from "./command-line.ts";
import { EXIT } from "./errors.ts";

const L1_RPC = "http://127.0.0.1:8545";
/** Where `altlayer dev` keeps it. */
const SERVICE_FILE = ".altlayer/dev/mach.json";

/** `altlayer restake`, `altlayer operator` and `altlayer stake`. */
export function addRestakingCommands(root: Command, done: (exitCode: number) => void): void {
  const add = <Options extends { readonly l1Rpc: string }>(
    group: Command,
    name: string,
    description: string,
    load: () => Promise<Run<Options>>,
  ): Command =>
    group
      .command(name)
      .description(description)
      .option("--l1-rpc <url>", "JSON-RPC of the L1", L1_RPC)
      .option("--json", "print one JSON object when done")
      .action(action(() => reachingL1(load), done));
  const ofService = (command: Command) =>
    command.option("--service <file>", "mach.json: the service's addresses", SERVICE_FILE);

  const restake = root.command("restake").description("create and watch the restaked services of a rollup");
  signed(
    add(restake, "create", "create the services of a rollup, new or running: one L1 transaction", async () => {
      return (await import("./commands/restaking/restake-create.ts")).restakeCreate;
    }),
  )
    .requiredOption("--rollup <source>", "RPC of one of its nodes, its rollup.json, or its SystemConfig's address")
    .option("--rollup-config <source>", "with an address: RPC of a node or rollup.json, which name the rollup's forks")
    .option(
      "--deployment <file>",
      "addresses of the core and of the factory: restaking.json of `restake deploy`, or a mach.json",
      SERVICE_FILE,
    )
    .addOption(
      new Option("--network <name>", "preset of the service's windows, docs/spec/mach.md section 11")
        .choices(["development", "testnet", "mainnet"])
        .makeOptionMandatory(),
    )
    .option("--strategy <strategy...>", "what counts as stake, <address>:<class>[:<multiplier>], one to four times")
    .option("--minimum <amounts>", "weight that joining takes, by class, with commas", "1,100")
    .option("--bounty <amount>", "ALT for proving a fault", "100")
    .option("--rate <amount>", "ALT per epoch for operators, as far as the fund goes", "10")
    .option("--metadata-uri <uri>", "describes the service to EigenLayer's users", "")
    .option("--salt <hash>", "tells suites of one creator for one rollup apart", hash, `0x${"00".repeat(32)}`)
    .option("--allow-short-delay", "create although faults cannot be slashed in time: public testnets need this")
    .option("--out <file>", "where the service's addresses go", "mach.json");
  ofService(
    add(restake, "status", "epochs, weights, members and funds of a service", async () => {
      return (await import("./commands/restaking/restake-status.ts")).restakeStatus;
    }),
  );
  signed(
    ofService(
      add(restake, "start", "begin the service, once operators have joined; by its creator", async () => {
        return (await import("./commands/restaking/restake-start.ts")).restakeStart;
      }),
    ),
  );
  signed(
    ofService(
      add(restake, "nominate", "name it the rollup's canonical service; by the owner of its SystemConfig", async () => {
        return (await import("./commands/restaking/restake-start.ts")).restakeNominate;
      }),
    ),
  );
  signed(
    add(restake, "deploy", "deploy ALT and the factory of services beside a restaking core", async () => {
      return (await import("./commands/restaking/restake-deploy.ts")).restakeDeploy;
    }),
  )
    .option("--core <file>", "JSON with l1ChainId and the core's addresses; docs/restaking.md shows one")
    .option("--development", "deploy a core of our own first, and WETH in the place of an LST: development chains only")
    .option("--timelock-delay <seconds>", "of the timelock that administers the services", whole, 172_800)
    .option("--alt-supply <amount>", "ALT that the deployer receives", "1000000000")
    .option("--out <file>", "where the addresses go", "restaking.json");
  signed(
    add(restake, "strategy", "find or make the strategy of a token: an LST, ALT, or a dApp's", async () => {
      return (await import("./commands/restaking/restake-deploy.ts")).restakeStrategy;
    }),
  )
    .requiredOption("--core <file>", "JSON with l1ChainId and the core's addresses")
    .requiredOption("--token <address>", "an ERC-20 that takes no fee");

  signed(
    ofService(
      add(restake, "distribute", "submit the rewards root: by the updater of a development core", async () => {
        return (await import("./commands/restaking/restake-distribute.ts")).restakeDistribute;
      }),
    ),
  );

  withLogging(
    signed(
      ofService(
        add(
          restake,
          "keep",
          "keep a service going: commit tables, refresh weights, slash; without a node",
          async () => {
            return (await import("./commands/restaking/restake-keep.ts")).restakeKeep;
          },
        ),
      ),
    ),
  );

  const operator = root.command("operator").description("be an operator: sign for a rollup with stake behind it");
  bls(
    ofService(
      add(operator, "keys", "make the keystore of the operator's seed, and show its key of a service", async () => {
        return (await import("./commands/restaking/operator-keys.ts")).operatorKeys;
      }),
    ),
  ).option("--create", "make a new keystore file");
  bls(
    signed(
      ofService(
        add(
          operator,
          "register",
          "register as an operator, and the service's key with proof of possession",
          async () => {
            return (await import("./commands/restaking/operator-register.ts")).operatorRegister;
          },
        ),
      ),
    ),
  )
    .option("--allocation-delay <blocks>", "L1 blocks until a raised allocation counts", whole, 0)
    .option("--metadata-uri <uri>", "describes the operator", "");
  deposit(
    signed(
      ofService(
        add(operator, "deposit", "deposit stake of the operator's own", async () => {
          return (await import("./commands/restaking/stake-deposit.ts")).stakeDeposit;
        }),
      ),
    ),
  );
  delegate(
    signed(
      ofService(
        add(operator, "delegate", "delegate another account's deposits to an operator", async () => {
          return (await import("./commands/restaking/stake-delegate.ts")).stakeDelegate;
        }),
      ),
    ),
  );
  signed(
    ofService(
      add(operator, "allocate", "say how much of the stake this service may slash", async () => {
        return (await import("./commands/restaking/operator-allocate.ts")).operatorAllocate;
      }),
    ),
  )
    .requiredOption("--percent <part>", "of the operator's whole magnitude; 0 takes it back")
    .option("--token <token>", "of one strategy only: symbol or address");
  signed(
    ofService(
      add(operator, "join", "join the service, or ask for the weight again", async () => {
        return (await import("./commands/restaking/operator-membership.ts")).operatorJoin;
      }),
    ),
  );
  signed(
    ofService(
      add(operator, "leave", "leave the service", async () => {
        return (await import("./commands/restaking/operator-membership.ts")).operatorLeave;
      }),
    ),
  );
  signed(
    ofService(
      add(operator, "deregister-key", "take the key off after leaving, to register another", async () => {
        return (await import("./commands/restaking/operator-membership.ts")).operatorDeregisterKey;
      }),
    ),
  );
  signed(
    ofService(
      add(operator, "status", "stake, allocations, key, weight and convictions", async () => {
        return (await import("./commands/restaking/operator-status.ts")).operatorStatus;
      }),
    ),
  ).option("--operator <address>", "instead of a key");
  claim(
    signed(
      ofService(
        add(operator, "claim", "claim rewards", async () => {
          return (await import("./commands/restaking/claim.ts")).claim;
        }),
      ),
    ),
  );

  signed(
    ofService(
      add(operator, "bounty", "collect the bounty of a fault that the account has reported", async () => {
        return (await import("./commands/restaking/operator-bounty.ts")).operatorBounty;
      }),
    ),
  ).option("--fault <id>", "this one; by default the account's own, oldest first", hash);

  withLogging(
    signed(
      ofService(
        add(
          operator,
          "run",
          "run the node that signs, with the service's keeper and a watch for contradictions",
          async () => {
            return (await import("./commands/restaking/operator-run.ts")).operatorRun;
          },
        ),
      ),
    ),
  )
    .requiredOption("--config <file>", "the node's configuration with its `mach.operator`; see docs/node.md")
    .option("--snapshot <file>", "begin from this snapshot instead of genesis, if the data directory is new")
    .option("--snapshot-hash <hash>", "hash of the snapshot's block, from whom you trust")
    .option("--no-keeper", "leave committing, refreshing and slashing to others");

  withLogging(
    bls(
      ofService(
        add(operator, "signer", "hold key and signing journal in a process of their own", async () => {
          return (await import("./commands/restaking/operator-signer.ts")).operatorSigner;
        }),
      ),
    ),
  )
    .requiredOption("--operator <address>", "whose key it is")
    .requiredOption("--journal <file>", "the signing journal; one place only, ever")
    .option("--create-journal", "make it: for an operator that never signed for this service")
    .requiredOption("--token-file <path>", "the secret that its node sends, at least 16 characters")
    .option("--listen <address>", "unix:/path, or host:port", "127.0.0.1:9334");

  const stake = root.command("stake").description("stand behind operators with an LST, ALT or a dApp's token");
  deposit(
    signed(
      ofService(
        add(stake, "deposit", "deposit a token", async () => {
          return (await import("./commands/restaking/stake-deposit.ts")).stakeDeposit;
        }),
      ),
    ),
  );
  signed(
    ofService(
      add(stake, "transfer", "send a token of the service to somebody: ALT to an operator", async () => {
        return (await import("./commands/restaking/stake-transfer.ts")).stakeTransfer;
      }),
    ),
  )
    .requiredOption("--token <token>", "symbol, token or strategy")
    .requiredOption("--to <address>", "who receives it")
    .requiredOption("--amount <amount>", "in the token");
  delegate(
    signed(
      ofService(
        add(stake, "delegate", "delegate all deposits to an operator, or to nobody", async () => {
          return (await import("./commands/restaking/stake-delegate.ts")).stakeDelegate;
        }),
      ),
    ),
  );
  signed(
    ofService(
      add(stake, "withdraw", "queue deposits for withdrawal, or complete it after the core's delay", async () => {
        return (await import("./commands/restaking/stake-withdraw.ts")).stakeWithdraw;
      }),
    ),
  )
    .option("--token <token>", "queue this one: symbol or address")
    .option("--shares <wei>", "deposit shares to queue; all by default")
    .option("--complete", "complete all that has waited long enough");
  claim(
    signed(
      ofService(
        add(stake, "claim", "claim rewards", async () => {
          return (await import("./commands/restaking/claim.ts")).claim;
        }),
      ),
    ),
  );
  signed(
    ofService(
      add(stake, "status", "deposits, delegation and queued withdrawals", async () => {
        return (await import("./commands/restaking/stake-status.ts")).stakeStatus;
      }),
    ),
  ).option("--staker <address>", "instead of a key");
}

/** An L1 that does not answer is the surroundings' fault, whatever the command was about to do. */
async function reachingL1<Options extends { readonly l1Rpc: string }>(
  load: () => Promise<Run<Options>>,
): Promise<Run<Options>> {
  const [run, { reached }] = await Promise.all([load(), import("./commands/restaking/context.ts")]);
  return (options, output) => reached(options.l1Rpc, () => run(options, output));
}

function signed(command: Command): Command {
  return command
    .option("--key-env <name>", "environment variable with the private key that signs and pays")
    .option("--key-file <path>", "file with the private key")
    .option("--keystore <path>", "keystore file (version 3); its password is in ALTLAYER_KEYSTORE_PASSWORD");
}

function bls(command: Command): Command {
  return command
    .requiredOption(
      "--bls-keystore <file>",
      "EIP-2335 file with the operator's seed, from which each set's key is derived",
    )
    .option("--bls-password-file <path>", "its password; ALTLAYER_BLS_PASSWORD otherwise");
}

function deposit(command: Command): Command {
  return command
    .requiredOption("--token <token>", "symbol, token or strategy")
    .option("--amount <amount>", "in the token")
    .option("--up-to <amount>", "deposit what is missing to this much: may be repeated")
    .option("--wrap", "make the token of ether first (WETH)");
}

function delegate(command: Command): Command {
  return command
    .option("--to <operator>", "the operator")
    .option("--undelegate", "delegate to nobody: queues all deposits for withdrawal")
    .option("--approval <file>", "JSON { signature, expiry, salt } of an operator that wants to approve its stakers");
}

function claim(command: Command): Command {
  return command
    .option("--proof <file>", "the claim as JSON, from whoever makes the rewards root (EigenLayer's sidecar)")
    .option("--recipient <address>", "who receives; the earner by default");
}

function hash(text: string): string {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text;
  throw new CommanderError(EXIT.usage, "commander.invalidArgument", `${text} is not a hash of 32 bytes`);
}
