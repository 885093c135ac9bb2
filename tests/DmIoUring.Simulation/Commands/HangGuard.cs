namespace DmIoUring.Simulation.Commands;

/// <summary>
/// Names the seed in which the engine never comes back, and ends the process: no virtual clock notices that. The only wall clock
/// here, and it decides nothing else.
/// </summary>
internal sealed class HangGuard : IDisposable
{
    /// <summary>A seed takes milliseconds.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TextWriter _lines;
    private readonly Timer _timer;
    private ulong _seed;

    public HangGuard(TextWriter lines)
    {
        _lines = lines;
        _timer = new Timer(_ => Report());
    }

    public void Begin(ulong seed)
    {
        Volatile.Write(ref _seed, seed);
        _timer.Change(Limit, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Report()
    {
        _lines.WriteLine($"seed {Volatile.Read(ref _seed)} failed: The engine does not come back; {Limit.TotalSeconds} s have passed.");
        _lines.Flush();
        Environment.Exit(SeedSweep.Violated);
    }
}
