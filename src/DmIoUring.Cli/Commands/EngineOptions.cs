using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary>The options of <c>dmio bench</c> that set up the library's engine.</summary>
internal sealed class EngineOptions
{
    private readonly Option<BenchRing> _ring = WordOption.Create(
        "--ring", "what carries the requests; kernel ends with 1 where there is no io_uring", BenchRing.Kernel);

    private readonly Option<OnOff> _fixed = WordOption.Create("--fixed", "files and buffers are registered with the rings", OnOff.On);

    private readonly Option<int?> _lanes = new("--lanes")
    {
        Description = "lanes of the client that all jobs share, 1 to 64 (1)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
    };

    private readonly Option<int?> _workerThreads = new("--worker-threads")
    {
        Description = "threads of --ring worker, 1 to 256 (16)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, BenchRequest.MaxWorkerThreads),
    };

    private readonly Option<int?> _batchWait = new("--batch-wait")
    {
        Description = "microseconds that a lane waits for several completions before it settles for one, 0 to 1000 (20)",
        HelpName = "USEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 1000),
    };

    private readonly Option<int?> _spin = new("--spin")
    {
        Description = "microseconds that a wait may be awake before it sleeps, 0 to 1000000 (50)",
        HelpName = "USEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 1_000_000),
    };

    private readonly Option<IoWaitPolicy> _wait = WordOption.Create(
        "--wait", "awake where that has been paying off, always asleep, or always awake first", IoWaitPolicy.Adaptive);

    private readonly Option<int[]?> _cpus = new("--cpus")
    {
        Description = "processors that the lanes stay on, lane by lane (any)",
        HelpName = "N[,N...]",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = ProcessorsOption.Parse,
    };

    private readonly Option<int?> _submissionPolling = new("--sqpoll")
    {
        Description = "a thread of the kernel's takes the submissions, and sleeps after so many milliseconds without any, 1 to 60000 (none)",
        HelpName = "MSEC",
        CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 60_000),
    };

    private readonly Option<int?> _submissionProcessor = new("--sqpoll-cpu")
    {
        Description = "the processor that this thread stays on (any)",
        HelpName = "N",
        CustomParser = result => NumberOption.ParseCount(result, least: 0, ProcessorsOption.Most),
    };

    private readonly Option<IoCompletionPolling> _completionPolling = WordOption.Create(
        "--iopoll", "devices are asked for completions; they need polled queues", IoCompletionPolling.None);

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
