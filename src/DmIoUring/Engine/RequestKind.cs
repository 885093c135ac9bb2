namespace DmIoUring.Engine;

/// <summary>How a request's end is made known.</summary>
internal enum RequestKind : byte
{
    /// <summary>By <see cref="IoNotify"/>.</summary>
    Callback,

    /// <summary>By a <see cref="ValueTask{TResult}"/>.</summary>
    Task,

    /// <summary>To a thread that runs the engine itself, or that sleeps until a lane has done it.</summary>
    Sync,
}
