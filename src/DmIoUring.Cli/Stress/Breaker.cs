namespace DmIoUring.Cli.Stress;

/// <summary>A thread that breaks a device for a while and mends it again, over and over, while the workers go on.</summary>
internal sealed class Breaker
{
    private const int LongestPause = 150;
    private const int LongestBreak = 400;
    private const int Look = 20;

    private readonly StressRun _run;
    private readonly StressLeg _leg;
    private readonly IReadOnlyList<IBreakable> _ways;
    private readonly Thread _thread;
    private SeededSequence _random;

    /// <summary>Prepares the thread.</summary>
    /// <param name="run">The run.</param>
    /// <param name="number">Which of the breakers; part of the seed.</param>
    /// <param name="leg">The device, which nobody else breaks.</param>
    /// <param name="ways">How it may break it.</param>
    public Breaker(StressRun run, int number, StressLeg leg, IReadOnlyList<IBreakable> ways)
    {
        _run = run;
        _leg = leg;
        _ways = ways;
        _random = new SeededSequence(SeededSequence.Combine(run.Plan.Seed, ulong.MaxValue - (ulong)number));
        _thread = new Thread(Work) { Name = FormattableString.Invariant($"breaker {number}"), IsBackground = true };
    }

    public void Start() => _thread.Start();

    public void Join() => _thread.Join();

    private void Work()
    {
        try
        {
            while (!_run.IsStopping)
            {
                Wait(_random.Below(LongestPause));
                _leg.Fault = FaultState.Changing();
                IFault fault = _ways[_random.Below(_ways.Count)].Break(ref _random);
                _leg.Fault = FaultState.Broken(fault);
                _run.Progress.AddFault();
                Wait(_random.Below(LongestBreak));
                _leg.Fault = FaultState.Changing();
                fault.Mend();
                _leg.Fault = FaultState.Whole();
            }
        }
#pragma warning disable CA1031 // Whatever it is, it is a finding, and the other threads have to end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _run.Report(exception, _thread.Name!);
        }
    }

    private void Wait(int milliseconds)
    {
        for (int waited = 0; waited < milliseconds && !_run.IsStopping; waited += Look)
            Thread.Sleep(Math.Min(Look, milliseconds - waited));
    }
}
