// Command derive runs the stock derivation pipeline over L1 histories and prints what it derives.
//
// It reads histories as JSON values from standard input and writes one line of JSON for each. The L2 is simulated, in
// the same way as by the test that compares: a block's hash is that of its parent, time, gas limit and transactions.
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"

	altda "github.com/ethereum-optimism/optimism/op-alt-da"
	"github.com/ethereum-optimism/optimism/op-node/metrics"
	"github.com/ethereum-optimism/optimism/op-node/rollup"
	"github.com/ethereum-optimism/optimism/op-node/rollup/derive"
	"github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum-optimism/optimism/op-service/testutils"
)

// Tx is a transaction of the batcher or of somebody else, signed here.
type Tx struct {
	Batcher bool
	To      *common.Address
	Input   hexutil.Bytes
}

type Log struct {
	Address common.Address
	Topics  []common.Hash
	Data    hexutil.Bytes
	Index   uint
}

type L1Block struct {
	Hash       common.Hash
	ParentHash common.Hash
	Number     uint64
	Time       uint64
	Randao     common.Hash
	BaseFee    int64
	Txs        []Tx
	Logs       []Log
}

// Case is one history. Where Invalid is not zero, the engine refuses blocks with batched transactions whose hash's last
// byte it divides.
type Case struct {
	Rollup  json.RawMessage
	L1      []L1Block
	Invalid int
}

type Derived struct {
	Timestamp   uint64
	Txs         common.Hash
	Count       int
	GasLimit    uint64
	Params      string
	DerivedFrom uint64
	Hash        common.Hash
}

// The first two keys of the well-known test mnemonic.
var keys = map[bool]*ecdsa.PrivateKey{}

func init() {
	keys[true], _ = crypto.HexToECDSA("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
	keys[false], _ = crypto.HexToECDSA("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
}

// chain is the L1 and L2 that the pipeline asks.
type chain struct {
	cfg    *rollup.Config
	blocks []L1Block
	byHash map[common.Hash]*L1Block
	l2     map[common.Hash]*eth.ExecutionPayloadEnvelope
	l2num  map[uint64]*eth.ExecutionPayloadEnvelope
}

func ref(b *L1Block) eth.L1BlockRef {
	return eth.L1BlockRef{Hash: b.Hash, Number: b.Number, ParentHash: b.ParentHash, Time: b.Time}
}
func info(b *L1Block) eth.BlockInfo {
	return &testutils.MockBlockInfo{InfoHash: b.Hash, InfoParentHash: b.ParentHash, InfoNum: b.Number, InfoTime: b.Time,
		InfoMixDigest: b.Randao, InfoBaseFee: big.NewInt(b.BaseFee)}
}

func (c *chain) L1BlockRefByLabel(ctx context.Context, label eth.BlockLabel) (eth.L1BlockRef, error) {
	return ref(&c.blocks[len(c.blocks)-1]), nil
}
func (c *chain) L1BlockRefByNumber(ctx context.Context, n uint64) (eth.L1BlockRef, error) {
	if n >= uint64(len(c.blocks)) {
		return eth.L1BlockRef{}, ethereum.NotFound
	}
	return ref(&c.blocks[n]), nil
}
func (c *chain) L1BlockRefByHash(ctx context.Context, h common.Hash) (eth.L1BlockRef, error) {
	b, ok := c.byHash[h]
	if !ok {
		return eth.L1BlockRef{}, ethereum.NotFound
	}
	return ref(b), nil
}
func (c *chain) InfoByHash(ctx context.Context, h common.Hash) (eth.BlockInfo, error) {
	b, ok := c.byHash[h]
	if !ok {
		return nil, ethereum.NotFound
	}
	return info(b), nil
}
func (c *chain) FetchReceipts(ctx context.Context, h common.Hash) (eth.BlockInfo, types.Receipts, error) {
	b, ok := c.byHash[h]
	if !ok {
		return nil, nil, ethereum.NotFound
	}
	rec := &types.Receipt{Status: types.ReceiptStatusSuccessful}
	for _, l := range b.Logs {
		rec.Logs = append(rec.Logs, &types.Log{Address: l.Address, Topics: l.Topics, Data: l.Data, Index: l.Index, BlockHash: b.Hash})
	}
	return info(b), types.Receipts{rec}, nil
}
func (c *chain) InfoAndTxsByHash(ctx context.Context, h common.Hash) (eth.BlockInfo, types.Transactions, error) {
	b, ok := c.byHash[h]
	if !ok {
		return nil, nil, ethereum.NotFound
	}
	signer := types.LatestSignerForChainID(c.cfg.L1ChainID)
	var txs types.Transactions
	for i, t := range b.Txs {
		tx, err := types.SignNewTx(keys[t.Batcher], signer, &types.DynamicFeeTx{ChainID: c.cfg.L1ChainID, Nonce: uint64(i), Gas: 1, To: t.To, Data: t.Input})
		if err != nil {
			panic(err)
		}
		txs = append(txs, tx)
	}
	return info(b), txs, nil
}
func (c *chain) GetBlobs(ctx context.Context, r eth.L1BlockRef, hashes []eth.IndexedBlobHash) ([]*eth.Blob, error) {
	return nil, errors.New("no blobs")
}

func (c *chain) PayloadByHash(ctx context.Context, h common.Hash) (*eth.ExecutionPayloadEnvelope, error) {
	p, ok := c.l2[h]
	if !ok {
		return nil, ethereum.NotFound
	}
	return p, nil
}
func (c *chain) PayloadByNumber(ctx context.Context, n uint64) (*eth.ExecutionPayloadEnvelope, error) {
	p, ok := c.l2num[n]
	if !ok {
		return nil, ethereum.NotFound
	}
	return p, nil
}
func (c *chain) L2BlockRefByLabel(ctx context.Context, label eth.BlockLabel) (eth.L2BlockRef, error) {
	panic("unused")
}
func (c *chain) L2BlockRefByHash(ctx context.Context, h common.Hash) (eth.L2BlockRef, error) {
	p, err := c.PayloadByHash(ctx, h)
	if err != nil {
		return eth.L2BlockRef{}, err
	}
	return derive.PayloadToBlockRef(c.cfg, p.ExecutionPayload)
}
func (c *chain) L2BlockRefByNumber(ctx context.Context, n uint64) (eth.L2BlockRef, error) {
	p, err := c.PayloadByNumber(ctx, n)
	if err != nil {
		return eth.L2BlockRef{}, err
	}
	return derive.PayloadToBlockRef(c.cfg, p.ExecutionPayload)
}
func (c *chain) SystemConfigByL2Hash(ctx context.Context, h common.Hash) (eth.SystemConfig, error) {
	p, err := c.PayloadByHash(ctx, h)
	if err != nil {
		return eth.SystemConfig{}, err
	}
	return derive.PayloadToSystemConfig(c.cfg, p.ExecutionPayload)
}

func txsHash(txs []eth.Data) common.Hash {
	var buf bytes.Buffer
	for _, tx := range txs {
		buf.Write(crypto.Keccak256(tx))
	}
	return crypto.Keccak256Hash(buf.Bytes())
}

func blockHash(parent common.Hash, a *eth.PayloadAttributes) common.Hash {
	var buf bytes.Buffer
	buf.Write(parent[:])
	_ = binary.Write(&buf, binary.BigEndian, uint64(a.Timestamp))
	_ = binary.Write(&buf, binary.BigEndian, uint64(*a.GasLimit))
	h := txsHash(a.Transactions)
	buf.Write(h[:])
	return crypto.Keccak256Hash(buf.Bytes())
}

func (c *chain) add(parent eth.L2BlockRef, a *eth.PayloadAttributes) (eth.L2BlockRef, error) {
	extra := []byte{}
	if a.EIP1559Params != nil {
		p := *a.EIP1559Params
		if p == (eth.Bytes8{}) {
			p = eth.Bytes8{0, 0, 0, 250, 0, 0, 0, 6}
		}
		extra = append([]byte{0}, p[:]...)
	}
	payload := &eth.ExecutionPayload{ParentHash: parent.Hash, BlockNumber: eth.Uint64Quantity(parent.Number + 1),
		GasLimit: *a.GasLimit, Timestamp: a.Timestamp, ExtraData: extra, BlockHash: blockHash(parent.Hash, a), Transactions: a.Transactions}
	env := &eth.ExecutionPayloadEnvelope{ExecutionPayload: payload}
	c.l2[payload.BlockHash] = env
	c.l2num[uint64(payload.BlockNumber)] = env
	return derive.PayloadToBlockRef(c.cfg, payload)
}

func run(cs *Case) (out []Derived, end string) {
	out = []Derived{}
	cfg := &rollup.Config{}
	if err := json.Unmarshal(cs.Rollup, cfg); err != nil {
		return out, err.Error()
	}
	c := &chain{cfg: cfg, blocks: cs.L1, byHash: map[common.Hash]*L1Block{}, l2: map[common.Hash]*eth.ExecutionPayloadEnvelope{}, l2num: map[uint64]*eth.ExecutionPayloadEnvelope{}}
	for i := range cs.L1 {
		c.byHash[cs.L1[i].Hash] = &cs.L1[i]
	}
	gen := &eth.ExecutionPayload{BlockHash: cfg.Genesis.L2.Hash, BlockNumber: 0, Timestamp: eth.Uint64Quantity(cfg.Genesis.L2Time)}
	env := &eth.ExecutionPayloadEnvelope{ExecutionPayload: gen}
	c.l2[gen.BlockHash], c.l2num[0] = env, env
	safe, _ := derive.PayloadToBlockRef(cfg, gen)
	pending := safe
	p := derive.NewDerivationPipeline(log.NewLogger(log.DiscardHandler()), cfg, c, c, altda.Disabled, c, metrics.NoopMetrics, false)
	p.Reset()
	p.ConfirmEngineReset()
	ctx := context.Background()
	for steps := 0; steps < 200000; steps++ {
		a, err := p.Step(ctx, pending)
		if err == io.EOF {
			return out, "eof"
		}
		if errors.Is(err, derive.ErrReset) {
			return out, "reset"
		}
		if errors.Is(err, derive.ErrCritical) {
			return out, "critical"
		}
		if err != nil || a == nil {
			continue
		}
		deposits := a.Attributes.WithDepositsOnly()
		h := blockHash(a.Parent.Hash, a.Attributes)
		if cs.Invalid > 0 && len(deposits.Transactions) != len(a.Attributes.Transactions) && int(h[31])%cs.Invalid == 0 {
			if !cfg.IsHolocene(a.DerivedFrom.Time) {
				pending = safe
				continue
			}
			a, err = p.DepositsOnlyAttributes(a.Parent.ID(), a.DerivedFrom)
			if err != nil {
				return out, err.Error()
			}
		}
		r, err := c.add(a.Parent, a.Attributes)
		if err != nil {
			return out, err.Error()
		}
		params := ""
		if a.Attributes.EIP1559Params != nil {
			params = hexutil.Encode(a.Attributes.EIP1559Params[:])
		}
		out = append(out, Derived{Timestamp: uint64(a.Attributes.Timestamp), Txs: txsHash(a.Attributes.Transactions), Count: len(a.Attributes.Transactions),
			GasLimit: uint64(*a.Attributes.GasLimit), Params: params, DerivedFrom: a.DerivedFrom.Number, Hash: r.Hash})
		pending = r
		if a.Concluding {
			safe = r
		}
	}
	return out, "steps"
}

func main() {
	dec := json.NewDecoder(os.Stdin)
	enc := json.NewEncoder(os.Stdout)
	for {
		var cs Case
		if err := dec.Decode(&cs); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out, end := run(&cs)
		_ = enc.Encode(map[string]any{"derived": out, "end": end})
	}
}
