using DmIoUring.Cli.Commands;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// Settings that can't be meant together. One that would have no effect is refused too: a figure must not be taken for that of
/// a setting that it never had.
/// </summary>
internal static class BenchRules
{
    private const long MaxMemory = 4L << 30;

    public static IEnumerable<Refusal> Check(BenchRequest request) =>
    [
        .. CheckPaths(request),
        .. CheckDriver(request),
        .. CheckEngine(request, request.Engine),
        .. CheckSizes(request),
    ];

    private static IEnumerable<Refusal> CheckPaths(BenchRequest request)
    {
        if (request.Paths.Count > IoRegion.MaxRegions)
            yield return new Refusal("", $"--filename has {request.Paths.Count} paths; {(request.PerDevice ? "--per-device takes" : "one write goes to")} at most {IoRegion.MaxRegions}", "Name fewer.");
        if (request.Paths.Count > 1 && request is { Reads: true, PerDevice: false })
        {
            yield return new Refusal(
                "", $"--rw {Word(request.Pattern)} of {request.Paths.Count} paths: several are the legs of one write, and a read has one",
                "Name one device, or pass --per-device, or --rw write or --rw randwrite. A colon that is part of a path is written \\:");
        }

        if (request is { PerDevice: true, Paths.Count: 1 })
            yield return Idle("--per-device", "several devices", "one");
        if (request is { PerDevice: true, Rate: { } rate })
            yield return new Refusal("", $"--per-device with {Vocabulary.Rate} {rate}: devices of different speeds have no rate in common", "Leave one of them out.");
    }

    private static IEnumerable<Refusal> CheckDriver(BenchRequest request)
    {
        if (request.Driver == BenchDriver.Sync && request.Depth > 1)
        {
            yield return new Refusal(
                "", $"--driver sync with --iodepth {request.Depth}: a thread that waits in the call has one request under way", "Pass --iodepth 1, and --numjobs for more threads.");
        }

        if (request.Completion is null && request.AskedCompletion is { } completion)
            yield return Idle($"--completion {Word(completion)}", "--driver lane", $"--driver {Word(request.Driver)}");
        if (request.Submit is null && request.AskedSubmit is { } submit)
        {
            yield return request.Completion is { } other
                ? Idle($"--submit {Word(submit)}", "--completion callback", $"--completion {Word(other)}")
                : Idle($"--submit {Word(submit)}", "--driver lane", $"--driver {Word(request.Driver)}");
        }

        if (request.Durable && !request.Writes)
            yield return Idle("--durable", "a write", $"--rw {Word(request.Pattern)}");
        if (request.ReadPercent is null && request.AskedReadPercent is { } percent)
            yield return Idle($"--rwmixread {percent}", "--rw randrw", $"--rw {Word(request.Pattern)}");
        if (request.Rate is { } rate)
        {
            if (request.AskedBatch is not null)
                yield return new Refusal("", $"--batch {request.AskedBatch} with {Vocabulary.Rate} {rate}: each request is submitted when it is due", "Leave one of them out.");
            if (request.Completion is not (null or BenchCompletion.Callback))
                yield return Idle($"{Vocabulary.Rate} {rate}", "--completion callback", $"--completion {Word(request.Completion.Value)}");
            if (request.AskedSubmit == BenchSubmit.Callback)
                yield return Idle($"{Vocabulary.Rate} {rate}", "--submit thread", "--submit callback");
        }
        else if (request.Batch is null && request.AskedBatch is { } batch)
        {
            yield return new Refusal("", $"--batch {batch} has no effect: each callback or awaiter hands over one", "Leave it out, or pass --driver reactor or --submit thread.");
        }

        if (request.AskedBatch > request.Depth)
            yield return new Refusal("", $"--batch {request.AskedBatch} is more than --iodepth {request.Depth}: so many are never under way", $"Pass --batch 1 to {request.Depth}.");
    }

    private static IEnumerable<Refusal> CheckEngine(BenchRequest request, EngineSettings engine)
    {
        (string Option, object? Value)[] ofLanes =
        [
            ("--lanes", engine.AskedLanes), ("--batch-wait", engine.BatchWaitMicroseconds),
            ("--cpus", engine.Processors is { Count: > 0 } processors ? string.Join(',', processors) : null),
        ];
        if (request.Driver != BenchDriver.Lane)
        {
            foreach ((string option, object? value) in ofLanes.Where(static asked => asked.Value is not null))
                yield return Idle($"{option} {value}", "--driver lane", $"--driver {Word(request.Driver)}");
        }

        if (engine is { Wait: IoWaitPolicy.Sleep, SpinMicroseconds: { } spin })
            yield return Idle($"--spin {spin}", "--wait adaptive", "--wait sleep");
        if (engine.WorkerThreads is null && engine.AskedWorkerThreads is { } threads)
            yield return Idle($"--worker-threads {threads}", "--ring worker", $"--ring {Word(engine.Ring)}");
        if (engine.SubmissionPollMilliseconds is { } idle && engine.Ring == BenchRing.Worker)
            yield return Idle($"--sqpoll {idle}", "--ring kernel", "--ring worker");
        if (engine.SubmissionPollMilliseconds is { } idleToo && request.Driver == BenchDriver.Sync)
            yield return Idle($"--sqpoll {idleToo}", "--driver lane", "--driver sync");
        if (engine.CompletionPolling is not IoCompletionPolling.None and var polling)
        {
            if (engine.Ring == BenchRing.Worker)
                yield return Idle($"--iopoll {Word(polling)}", "--ring kernel", "--ring worker");
            if (request.Driver == BenchDriver.Sync)
                yield return Idle($"--iopoll {Word(polling)}", "--driver lane", "--driver sync");
            if (engine.SubmissionPollMilliseconds is not null)
                yield return new Refusal("", $"--iopoll {Word(polling)} with --sqpoll: a ring has one or the other here", "Leave one of them out.");
        }

        if (engine.SubmissionProcessor is { } processor && engine.SubmissionPollMilliseconds is null)
            yield return Idle($"--sqpoll-cpu {processor}", "--sqpoll", "a run without it");
    }

    private static IEnumerable<Refusal> CheckSizes(BenchRequest request)
    {
        if (request.Size < request.BlockBytes)
            yield return new Refusal("", $"--size {request.Size} is less than one block of --bs {request.BlockBytes}", $"Pass at least --size {request.BlockBytes}.");
        long memory = (long)request.BlockBytes * request.Depth * request.Jobs * request.TargetCount;
        if (memory > MaxMemory)
        {
            yield return new Refusal(
                "", $"--bs {request.BlockBytes} times --iodepth {request.Depth} times --numjobs {request.Jobs}{(request.PerDevice ? $" times {request.TargetCount} devices" : "")} is {Quantity.Bytes(memory)} of buffers; {Quantity.Bytes(MaxMemory)} are allowed",
                "Lower one of them.");
        }
    }

    private static Refusal Idle(string option, string belongsTo, string given) =>
        new("", $"{option} belongs to {belongsTo}, and this is {given}", $"Leave it out, or pass {belongsTo}.");

    private static string Word<T>(T value)
        where T : struct, Enum => WordOption.Word(value);
}
