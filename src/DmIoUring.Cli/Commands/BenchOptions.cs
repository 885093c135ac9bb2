using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary>The options of <c>dmio bench</c> that say what is measured; those of fio have fio's names.</summary>
internal sealed class BenchOptions
{
    private readonly Option<string[]> _filename = new(Vocabulary.Filename)
    {
        Description = "block device or file; several are the legs of one write",
        HelpName = "A[:B...]",
        Arity = ArgumentArity.ExactlyOne,
        Required = true,
        CustomParser = FilenameOption.Parse,
    };

    private readonly Option<bool> _perDevice = new("--per-device")
    {
        Description = "--numjobs and --iodepth for each of --filename A:B, and a report of each",
    };

    private readonly Option<BenchPattern> _pattern = WordOption.Create(Vocabulary.Pattern, "what is measured", BenchPattern.Read);

    private readonly Option<int?> _readPercent = new("--rwmixread")
    {
        Description = "reads of a hundred requests of --rw randrw (50)",
        HelpName = "0..100",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 100),
    };

    private readonly Option<int> _block = new(Vocabulary.Block)
    {
        Description = $"size of a request ({NumberOption.SizeText(BenchRequest.DefaultBlockBytes)})",
        HelpName = "SIZE",
        DefaultValueFactory = _ => BenchRequest.DefaultBlockBytes,
        CustomParser = result => NumberOption.ParseSize(result, IoRegion.SectorSize, BenchRequest.MaxBlockBytes, IoRegion.SectorSize),
    };

    private readonly Option<long?> _size = new(Vocabulary.Size)
    {
        Description = "how much of each device, with K, M, G or T (all)",
        HelpName = "SIZE",
        CustomParser = result => NumberOption.ParseSize(result, IoRegion.SectorSize, 1L << 60, IoRegion.SectorSize),
    };

    private readonly Option<int?> _depth = new(Vocabulary.Depth)
    {
        Description = "requests under way of each job (128; of --driver sync 1)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, DmIoOptions.MaxQueueDepth),
    };

    private readonly Option<int?> _batch = new(Vocabulary.Batch)
    {
        Description = "handed over at once, and waited for at once (32, or the depth)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, DmIoOptions.MaxQueueDepth),
    };

    private readonly Option<long?> _rate = new(Vocabulary.Rate)
    {
        Description = "requests a second, timed from when they were due (all)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, (int)BenchRequest.MaxRate),
    };

    private readonly Option<int> _jobs = new(Vocabulary.Jobs)
    {
        Description = "jobs, 1 to 64: on one client, or a reactor each (1)",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = result => NumberOption.ParseCount(result, least: 1, BenchRequest.MaxJobs),
    };

    private readonly Option<TimeSpan> _runtime = new(Vocabulary.Runtime)
    {
        Description = $"how long is measured, in seconds, or with s, m or h ({TimeOption.Text(BenchRequest.DefaultRuntime)})",
        HelpName = "TIME",
        DefaultValueFactory = _ => BenchRequest.DefaultRuntime,
        CustomParser = TimeOption.Parse,
    };

    private readonly Option<TimeSpan> _ramp = new(Vocabulary.Ramp)
    {
        Description = $"how long it runs, with full queues, before that ({TimeOption.Text(BenchRequest.DefaultRamp)})",
        HelpName = "TIME",
        DefaultValueFactory = _ => BenchRequest.DefaultRamp,
        CustomParser = result => TimeOption.Parse(result, mayBeZero: true),
    };

    private readonly Option<BenchDriver> _driver = WordOption.Create("--driver", "who owns the thread", BenchDriver.Lane);

    private readonly Option<BenchCompletion?> _completion = WordOption.CreateOptional<BenchCompletion>(
        "--completion", "how a lane's requests end", "callback");

    private readonly Option<BenchSubmit?> _submit = WordOption.CreateOptional<BenchSubmit>(
        "--submit", "who submits the next, the job's thread a batch at a time", "callback");

    private readonly Option<BenchMemory?> _memory = WordOption.CreateOptional<BenchMemory>(
        Vocabulary.Memory,
        "buffers are raw pointers into the page pool or to other memory, slices of an IoMemory, parts of byte arrays, page lists", "pool; with --fixed off pointer");

    private readonly Option<OnOff> _latency = WordOption.Create(Vocabulary.Latency, "every request is timed; the opposite of fio's gtod_reduce", OnOff.On);

    private readonly Option<long?> _garbage = new("--garbage")
    {
        Description = "another thread allocates so much a second meanwhile, in small objects that nobody keeps (none)",
        HelpName = "SIZE",
        CustomParser = result => NumberOption.ParseSize(result, least: 1, BenchRequest.MaxGarbageRate, multiple: 1),
    };

    private readonly Option<ulong> _seed = new(Vocabulary.Seed)
    {
        Description = "the same places again (1)",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = NumberOption.ParseSeed,
    };

    private readonly Option<bool> _durable = new("--durable")
    {
        Description = "every write is on the medium when it ends (FUA)",
    };

    private readonly Option<bool> _destroy = new(Vocabulary.Destroy) { Description = "yes, overwrite devices and files that are not empty" };
    private readonly Option<bool> _force = new(Vocabulary.Force) { Description = "write what is mounted or claimed by another program" };
    private readonly EngineOptions _engine = new();

    public IEnumerable<Option> All =>
    [
        _filename, _pattern, _readPercent, _block, _size, _depth, _jobs, _rate, _runtime, _ramp, _driver, _durable, _destroy, .. More,
    ];

    /// <summary>Those that are seldom used.</summary>
    public IEnumerable<Option> More =>
    [
        _perDevice, _force, _batch, _completion, _submit, .. _engine.All, _memory, _latency, _garbage, _seed,
    ];

    /// <summary>Some of them, by name: what is not offered is as if it was not given.</summary>
    public IEnumerable<Option> Only(params IEnumerable<string> names) =>
        names.Select(name => All.Single(option => string.Equals(option.Name, name, StringComparison.Ordinal)));

    public BenchRequest Read(ParseResult parsed) => new()
    {
        Paths = parsed.GetValue(_filename)!,
        PerDevice = parsed.GetValue(_perDevice),
        Pattern = parsed.GetValue(_pattern),
        AskedReadPercent = parsed.GetValue(_readPercent),
        BlockBytes = parsed.GetValue(_block),
        Size = parsed.GetValue(_size),
        AskedDepth = parsed.GetValue(_depth),
        AskedBatch = parsed.GetValue(_batch),
        Rate = parsed.GetValue(_rate),
        Jobs = parsed.GetValue(_jobs),
        Runtime = parsed.GetValue(_runtime),
        Ramp = parsed.GetValue(_ramp),
        Driver = parsed.GetValue(_driver),
        AskedCompletion = parsed.GetValue(_completion),
        AskedSubmit = parsed.GetValue(_submit),
        Engine = _engine.Read(parsed),
        AskedMemory = parsed.GetValue(_memory),
        Latency = parsed.GetValue(_latency) == OnOff.On,
        GarbageRate = parsed.GetValue(_garbage),
        Seed = parsed.GetValue(_seed),
        Durable = parsed.GetValue(_durable),
        Destroy = parsed.GetValue(_destroy),
        Force = parsed.GetValue(_force),
    };
}
