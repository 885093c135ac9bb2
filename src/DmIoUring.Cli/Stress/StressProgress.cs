namespace DmIoUring.Cli.Stress;

/// <summary>What the run has done so far; written by its threads, looked at by whoever draws it.</summary>
internal sealed class StressProgress
{
    private readonly long[] _operations = new long[Enum.GetValues<OperationKind>().Length];
    private long _leftOut;
    private long _withoutPages;
    private long _cancelled;
    private long _timedOut;
    private long _failedAsExpected;
    private long _faults;
    private long _verified;
    private long _written;
    private long _readBack;

    public long Total => _operations.Sum();

    public long LeftOut => Interlocked.Read(ref _leftOut);

    public long WithoutPages => Interlocked.Read(ref _withoutPages);

    public long Cancelled => Interlocked.Read(ref _cancelled);

    public long TimedOut => Interlocked.Read(ref _timedOut);

    public long FailedAsExpected => Interlocked.Read(ref _failedAsExpected);

    public long Faults => Interlocked.Read(ref _faults);

    public long VerifiedBytes => Interlocked.Read(ref _verified);

    public long WrittenBytes => Interlocked.Read(ref _written);

    /// <summary>Of the devices at the end; counted in <see cref="VerifiedBytes"/> too.</summary>
    public long ReadBackBytes => Interlocked.Read(ref _readBack);

    public long Of(OperationKind kind) => Interlocked.Read(ref _operations[(int)kind]);

    public void AddOperation(OperationKind kind) => Interlocked.Increment(ref _operations[(int)kind]);

    public void AddLeftOut() => Interlocked.Increment(ref _leftOut);

    public void AddWithoutPages() => Interlocked.Increment(ref _withoutPages);

    public void AddFault() => Interlocked.Increment(ref _faults);

    public void AddVerified(long bytes) => Interlocked.Add(ref _verified, bytes);

    public void AddWritten(long bytes) => Interlocked.Add(ref _written, bytes);

    public void AddReadBack(long bytes) => Interlocked.Add(ref _readBack, bytes);

    /// <summary>Counts a region that did not end well.</summary>
    public void AddFailure(IoFailureCause cause)
    {
        switch (cause)
        {
            case IoFailureCause.Cancelled:
                Interlocked.Increment(ref _cancelled);
                break;
            case IoFailureCause.TimedOut:
                Interlocked.Increment(ref _timedOut);
                break;
            default:
                Interlocked.Increment(ref _failedAsExpected);
                break;
        }
    }
}
