using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary>The options of <c>dmio bench</c> that set up the library's engine.</summary>
internal sealed class EngineOptions
{
    private readonly Option<BenchRing> _ring = new("--ring")
    {
        Description = "What carries the requests; without io_uring on this host 'kernel' ends with 1 (kernel).",
        HelpName = WordOption.Words<BenchRing>(),
        CustomParser = WordOption.Parse<BenchRing>,
    };

    private readonly Option<OnOff> _fixed = new("--fixed")
    {
        Description = "Whether files and buffers are registered with the rings (on).",
        HelpName = WordOption.Words<OnOff>(),
        CustomParser = WordOption.Parse<OnOff>,
    };

    private readonly Option<int?> _lanes = new("--lanes")
    {
        Description = "Lanes of the client that all jobs share, 1 to 64 (1).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
    };

    private readonly Option<int?> _workerThreads = new("--worker-threads")
    {
        Description = "Threads of --ring worker, 1 to 256 (16).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, BenchRequest.MaxWorkerThreads),
    };

    public IEnumerable<Option> All => [_ring, _fixed, _lanes, _workerThreads];

    public EngineSettings Read(ParseResult parsed) => new()
    {
        Ring = parsed.GetValue(_ring),
        Fixed = parsed.GetValue(_fixed) == OnOff.On,
        AskedLanes = parsed.GetValue(_lanes),
        AskedWorkerThreads = parsed.GetValue(_workerThreads),
    };
}
