namespace DmIoUring;

/// <summary>What a request may ask for beyond its regions and its buffer. The default asks for nothing.</summary>
/// <param name="Flags">How it is done.</param>
/// <param name="Priority">Its I/O priority; the default is the submitting task's own.</param>
/// <param name="Report">Where every region's failure goes; null when the result's bits and first failure are enough.</param>
public readonly record struct IoRequestOptions(IoFlags Flags = IoFlags.None, IoPriority Priority = default, IoReport? Report = null)
{
    /// <summary>Whether it asks for nothing.</summary>
    internal bool IsDefault => Flags == IoFlags.None && Priority.Class == IoPriorityClass.None && Priority.Level == 0 && Report is null;

    /// <summary>Flags alone.</summary>
    /// <param name="flags">The flags.</param>
    public static implicit operator IoRequestOptions(IoFlags flags) => FromIoFlags(flags);

    /// <summary>Flags alone.</summary>
    /// <param name="flags">The flags.</param>
    /// <returns>The options.</returns>
    public static IoRequestOptions FromIoFlags(IoFlags flags) => new(flags);
}
