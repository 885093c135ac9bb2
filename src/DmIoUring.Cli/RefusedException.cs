namespace DmIoUring.Cli;

/// <summary>Carries a <see cref="Cli.Refusal"/> to the command; nothing was written.</summary>
internal sealed class RefusedException(Refusal refusal) : Exception(refusal.Reason)
{
    public RefusedException(string path, string reason, string advice)
        : this(new Refusal(path, reason, advice))
    {
    }

    public Refusal Refusal { get; } = refusal;
}
