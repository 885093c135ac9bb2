namespace DmIoUring.Services;

/// <summary>How a request of a <see cref="MirrorDevice"/> ended.</summary>
/// <param name="IsSuccess">
/// Whether it was done: of a read, that the buffer has the data; of anything else, that at least one leg in sync has it, and that a leg which has it not is out of sync, on the
/// medium too.
/// </param>
/// <param name="Legs">
/// How it ended on each leg: a bit is a leg's index, and so is <see cref="IoFailure.Region"/>. It can name failures of a request that was done. The sectors of a failure
/// are the leg's, which are the mirror's.
/// </param>
public readonly record struct MirrorResult(bool IsSuccess, IoResult Legs)
{
    /// <summary>Human-readable: <c>ok</c>, or what failed.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => IsSuccess
        ? Legs.IsSuccess ? "ok" : $"ok; legs {Legs}"
        : $"failed; legs {Legs}";
}
