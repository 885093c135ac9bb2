namespace DmIoUring.Services;

/// <summary>
/// A mirror can't be created, opened, changed or resynchronized as asked: its legs do not allow it. The message says what was found on which leg, and what to do. Nothing was
/// written, except where <see cref="Refusal"/> is <see cref="MirrorRefusal.Failed"/>.
/// </summary>
public sealed class MirrorException : IOException
{
    internal MirrorException(MirrorRefusal refusal, string message)
        : base(message) => Refusal = refusal;

    /// <summary>What kind of refusal it is.</summary>
    public MirrorRefusal Refusal { get; }
}
