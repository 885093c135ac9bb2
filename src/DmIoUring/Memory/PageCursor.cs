namespace DmIoUring.Memory;

/// <summary>A place in a page list: a run and a byte offset into it. From <see cref="PageList.CursorAt"/>; the default is at no list's place.</summary>
internal readonly struct PageCursor(int run, long offset)
{
    private readonly int _runPlusOne = run + 1;

    /// <summary>The page where the run begins, or <see cref="PagePool.NoPage"/> at the list's end.</summary>
    public int Run => _runPlusOne - 1;

    /// <summary>Bytes into the run, less than its length.</summary>
    public long Offset => offset;
}
