namespace DmIoUring.Cli.Copy;

/// <summary>How far a copy is; written by the job, looked at by whoever draws it.</summary>
internal sealed class CopyMeter
{
    private long _copied;
    private long _verified;

    /// <summary>Whether anybody looks: a job reports its progress only then.</summary>
    public bool IsShown { get; init; }

    public long CopiedBytes => Interlocked.Read(ref _copied);

    public long VerifiedBytes => Interlocked.Read(ref _verified);

    public void SetCopied(long bytes) => Interlocked.Exchange(ref _copied, bytes);

    public void AddVerified(long bytes) => Interlocked.Add(ref _verified, bytes);
}
