namespace DmIoUring.Cli.Stress;

/// <summary>A thread that breaks one device after the other for a while and mends it again, while the workers go on.</summary>
internal sealed class Breaker
{
    private const int LongestPause = 150;
    private const int LongestBreak = 400;
    private const int Look = 20;

    private readonly StressRun _run;
    private readonly IReadOnlyList<(StressLeg Leg, IReadOnlyList<IStressFault> Faults)> _choice;
    private readonly Thread _thread;
    private SeededSequence _random;

    /// <summary>Prepares the thread.</summary>
    /// <param name="run">The run.</param>
    /// <param name="number">Which of the breakers; part of the seed.</param>
    /// <param name="choice">What it may break. A leg belongs to one breaker.</param>
    public Breaker(StressRun run, int number, IReadOnlyList<(StressLeg Leg, IReadOnlyList<IStressFault> Faults)> choice)
    {
        _run = run;
        _choice = choice;
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
                (StressLeg leg, IReadOnlyList<IStressFault> faults) = _choice[_random.Below(_choice.Count)];
                IStressFault fault = faults[_random.Below(faults.Count)];
                Wait(_random.Below(LongestPause));
                leg.Fault = FaultState.Changing();
                fault.Break(ref _random);
                leg.Fault = FaultState.Broken(fault);
                _run.Progress.AddFault();
                Wait(_random.Below(LongestBreak));
                leg.Fault = FaultState.Changing();
                fault.Mend();
                leg.Fault = FaultState.Whole();
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
