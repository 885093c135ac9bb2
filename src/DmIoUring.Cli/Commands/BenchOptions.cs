using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary>The options of <c>dmio bench</c> that say what is measured; those of fio have fio's names.</summary>
internal sealed class BenchOptions
{
    private readonly Option<string[]> _filename = new("--filename")
    {
        Description = "Block device or regular file. Several, with colons between them, are the legs of one write: A:B:C, at most 64; or see --per-device.",
        HelpName = "A[:B...]",
        Required = true,
        CustomParser = FilenameOption.Parse,
    };

    private readonly Option<bool> _perDevice = new("--per-device")
    {
        Description = "Each device of --filename A:B has --numjobs and --iodepth of its own, all on one client (a reactor's thread serves all of them), " +
            "and the report tells of each.",
    };

    private readonly Option<BenchPattern> _pattern = new("--rw")
    {
        Description = "What is measured (read).",
        HelpName = WordOption.Words<BenchPattern>(),
        CustomParser = WordOption.Parse<BenchPattern>,
    };

    private readonly Option<int?> _readPercent = new("--rwmixread")
    {
        Description = "How many of a hundred requests are reads, with --rw randrw (50).",
        HelpName = "0..100",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 100),
    };

    private readonly Option<int> _block = new("--bs")
    {
        Description = "Size of a request in bytes; K and M are understood.",
        HelpName = "BYTES",
        DefaultValueFactory = _ => BenchRequest.DefaultBlockBytes,
        CustomParser = result => NumberOption.ParseSize(result, IoRegion.SectorSize, BenchRequest.MaxBlockBytes, IoRegion.SectorSize),
    };

    private readonly Option<long?> _size = new("--size")
    {
        Description = "How much of each device is used; K, M, G and T are understood (all).",
        HelpName = "BYTES",
        CustomParser = result => NumberOption.ParseSize(result, IoRegion.SectorSize, 1L << 60, IoRegion.SectorSize),
    };

    private readonly Option<int?> _depth = new("--iodepth")
    {
        Description = "Requests that each job has under way, 1 to 32768 (128; with --driver sync 1).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, DmIoOptions.MaxQueueDepth),
    };

    private readonly Option<int?> _batch = new("--batch")
    {
        Description = "How many are handed over at once, and how many ends are waited for at once (32, or the depth).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, DmIoOptions.MaxQueueDepth),
    };

    private readonly Option<long?> _rate = new("--rate")
    {
        Description = "Requests a second of all jobs, each submitted when it is due, however long earlier ones take; its time counts from then. " +
            "fio's rate_iops, without its leniency (none: the next follows when one has ended).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, (int)BenchRequest.MaxRate),
    };

    private readonly Option<int> _jobs = new("--numjobs")
    {
        Description = "Jobs, 1 to 64. With the lane driver they share one client, with the reactor each has its own.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = result => NumberOption.ParseCount(result, least: 1, BenchRequest.MaxJobs),
    };

    private readonly Option<TimeSpan> _runtime = new("--runtime")
    {
        Description = "How long is measured, in seconds, or with s, m or h after the number.",
        HelpName = "TIME",
        DefaultValueFactory = _ => BenchRequest.DefaultRuntime,
        CustomParser = TimeOption.Parse,
    };

    private readonly Option<TimeSpan> _ramp = new("--ramp")
    {
        Description = "How long it runs, with full queues, before that.",
        HelpName = "TIME",
        DefaultValueFactory = _ => BenchRequest.DefaultRamp,
        CustomParser = result => TimeOption.Parse(result, mayBeZero: true),
    };

    private readonly Option<BenchDriver> _driver = new("--driver")
    {
        Description = "Who owns the thread that the requests travel on (lane).",
        HelpName = WordOption.Words<BenchDriver>(),
        CustomParser = WordOption.Parse<BenchDriver>,
    };

    private readonly Option<BenchCompletion?> _completion = new("--completion")
    {
        Description = "How a lane's requests end (callback).",
        HelpName = WordOption.Words<BenchCompletion>(),
        CustomParser = result => WordOption.Parse<BenchCompletion>(result),
    };

    private readonly Option<BenchSubmit?> _submit = new("--submit")
    {
        Description = "Who submits the next: the callback, or the job's thread, a batch at a time (callback).",
        HelpName = WordOption.Words<BenchSubmit>(),
        CustomParser = result => WordOption.Parse<BenchSubmit>(result),
    };

    private readonly Option<BenchMemory?> _memory = new("--mem")
    {
        Description = "What the buffers are: raw pointers into the registered page pool, raw pointers to other memory, slices of an IoMemory, " +
            "parts of byte arrays, page lists of the pool (pool; with --fixed off pointer).",
        HelpName = WordOption.Words<BenchMemory>(),
        CustomParser = result => WordOption.Parse<BenchMemory>(result),
    };

    private readonly Option<OnOff> _latency = new("--lat")
    {
        Description = "Whether every request is timed; fio's gtod_reduce the other way round (on).",
        HelpName = WordOption.Words<OnOff>(),
        CustomParser = WordOption.Parse<OnOff>,
    };

    private readonly Option<long?> _garbage = new("--garbage")
    {
        Description = "Another thread allocates so many bytes a second meanwhile, in small objects that nobody keeps; K, M and G are understood (none).",
        HelpName = "BYTES",
        CustomParser = result => NumberOption.ParseSize(result, least: 1, BenchRequest.MaxGarbageRate, multiple: 1),
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "For the same places again.",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<bool> _durable = new("--durable")
    {
        Description = "Every write is on the medium when it ends (FUA); fio's --sync=dsync.",
    };

    private readonly Option<bool> _destroy = new("--destroy") { Description = "Yes, overwrite block devices and files that are not empty." };
    private readonly Option<bool> _force = new("--force") { Description = "Write to block devices that are mounted or claimed by another program." };
    private readonly EngineOptions _engine = new();

    public IEnumerable<Option> All =>
    [
        _filename, _perDevice, _pattern, _readPercent, _block, _size, _depth, _batch, _rate, _jobs, _runtime, _ramp,
        _driver, _completion, _submit, .. _engine.All, _memory, _latency, _garbage, _seed, _durable, _destroy, _force,
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
