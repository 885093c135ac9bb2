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

    private readonly Option<int?> _batchWait = new("--batch-wait")
    {
        Description = "How long a lane waits for several completions before it settles for one, 0 to 1000 microseconds (20).",
        HelpName = "USEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 1000),
    };

    private readonly Option<int?> _spin = new("--spin")
    {
        Description = "How long a wait may be awake before it sleeps, 0 to 1000000 microseconds (50).",
        HelpName = "USEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 1_000_000),
    };

    private readonly Option<IoWaitPolicy> _wait = new("--wait")
    {
        Description = "How completions are waited for: awake where that has been paying off, always asleep, or always awake first (adaptive).",
        HelpName = WordOption.Words<IoWaitPolicy>(),
        CustomParser = WordOption.Parse<IoWaitPolicy>,
    };

    private readonly Option<int[]?> _cpus = new("--cpus")
    {
        Description = "Processors that the lanes stay on, lane by lane: 0,1 (any).",
        HelpName = "N[,N...]",
        CustomParser = ProcessorsOption.Parse,
    };

    private readonly Option<int?> _submissionPolling = new("--sqpoll")
    {
        Description = "A thread of the kernel's takes the submissions and sleeps after so many milliseconds without any, 1 to 60000 (none).",
        HelpName = "MSEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 60_000),
    };

    private readonly Option<int?> _submissionProcessor = new("--sqpoll-cpu")
    {
        Description = "The processor that this thread stays on (any).",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, ProcessorsOption.Most),
    };

    private readonly Option<IoCompletionPolling> _completionPolling = new("--iopoll")
    {
        Description = "Whether a lane or reactor asks devices for completions; they need polled queues (none).",
        HelpName = WordOption.Words<IoCompletionPolling>(),
        CustomParser = WordOption.Parse<IoCompletionPolling>,
    };

    public IEnumerable<Option> All => [_ring, _fixed, _lanes, _workerThreads, _batchWait, _wait, _spin, _cpus, _submissionPolling, _submissionProcessor, _completionPolling];

    public EngineSettings Read(ParseResult parsed) => new()
    {
        Ring = parsed.GetValue(_ring),
        Fixed = parsed.GetValue(_fixed) == OnOff.On,
        AskedLanes = parsed.GetValue(_lanes),
        AskedWorkerThreads = parsed.GetValue(_workerThreads),
        BatchWaitMicroseconds = parsed.GetValue(_batchWait),
        SpinMicroseconds = parsed.GetValue(_spin),
        Wait = parsed.GetValue(_wait),
        Processors = parsed.GetValue(_cpus),
        SubmissionPollMilliseconds = parsed.GetValue(_submissionPolling),
        SubmissionProcessor = parsed.GetValue(_submissionProcessor),
        CompletionPolling = parsed.GetValue(_completionPolling),
    };
}
