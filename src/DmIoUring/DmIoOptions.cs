namespace DmIoUring;

/// <summary>How a client works. The defaults suit a client that many threads share.</summary>
public sealed record DmIoOptions : IoDriverOptions
{
    /// <summary>
    /// How many lanes (threads, each with a ring of its own) carry the asynchronous requests, 1 to 64. All regions of a
    /// request travel on one lane; requests are dealt out in turn. Default 1.
    /// </summary>
    public int Lanes { get; init; } = 1;

    /// <summary>
    /// How many threads may have a ring of their own for synchronous requests of several regions or chunks, 0 to 4,096.
    /// The ring goes back when the thread ends. Past the bound such a request goes through a lane. Default 64.
    /// </summary>
    public int SyncRings { get; init; } = 64;

    /// <summary>
    /// Whether code after an awaited request runs on the lane's thread instead of the thread pool. It saves a
    /// hand-over and puts <see cref="IoNotify"/>'s rule on that code: it must not block. Off by default.
    /// </summary>
    public bool InlineContinuations { get; init; }

    internal override void Validate()
    {
        base.Validate();
        Check(nameof(Lanes), Lanes, 1, 64);
        Check(nameof(SyncRings), SyncRings, 0, 4096);
    }
}
