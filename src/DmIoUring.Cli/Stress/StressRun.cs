using System.Diagnostics;

namespace DmIoUring.Cli.Stress;

/// <summary>What all threads of a run share.</summary>
internal sealed class StressRun(StressPlan plan, StressProgress progress)
{
    /// <summary>A hang guard: no I/O of a sound device and library takes as long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly long _start = Stopwatch.GetTimestamp();
    private Finding? _finding;
    private volatile bool _isOver;

    public StressPlan Plan { get; } = plan;

    public StressProgress Progress { get; } = progress;

    public SectorCheck Check { get; } = new(plan.Seed);

    public IReadOnlyList<StressLeg> Legs => Plan.Legs;

    public StressClients Clients => Plan.Clients;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    public int Milliseconds => (int)Elapsed.TotalMilliseconds;

    /// <summary>The first that was reported; null while everything is as it must be.</summary>
    public Finding? Finding => Volatile.Read(ref _finding);

    public bool IsStopping => _isOver || Finding is not null;

    public void Stop() => _isOver = true;

    public void Report(Finding finding) =>
        Interlocked.CompareExchange(ref _finding, finding with { Seconds = Elapsed.TotalSeconds }, comparand: null);

    public void Report(Exception exception, string where) => Report(new Finding
    {
        Kind = FindingKind.Exception,
        Message = $"{where}: {exception.GetType().Name}: {exception.Message}",
        Found = exception.ToString(),
    });
}
