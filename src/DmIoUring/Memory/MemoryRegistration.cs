using DmIoUring.Memory;

namespace DmIoUring;

/// <summary>
/// Memory of the embedder's own that the rings of a client, or of the reactors on a pool, know as they know the pool's pages (IORING_REGISTER_BUFFERS): the kernel pins it
/// once instead of with every entry. See <see cref="PageMemoryPool.Register(IoMemory)"/>.
/// </summary>
public sealed class MemoryRegistration : IDisposable
{
    private readonly PagePool _pool;
    private readonly IoMemory? _memory;

    internal MemoryRegistration(PagePool pool, long length, IoMemory? memory)
    {
        _pool = pool;
        _memory = memory;
        Length = length;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Its places in the pool's table; null when it has ended. Under the pool's lock.</summary>
    internal ushort[]? Slots { get; set; }

    /// <summary>
    /// Ends the registration: when this returns, no request that is submitted from then on uses it, and memory that was given by its address may be unmapped as soon as
    /// the requests on it have ended. Any thread, any number of times.
    /// </summary>
    /// <remarks>The kernel keeps the pages pinned until each ring has looked at the table again: lanes do at once, a reactor when it polls.</remarks>
    /// <exception cref="OutOfMemoryException">There is no memory to do that; it is still registered.</exception>
    public void Dispose()
    {
        if (_pool.Unregister(this))
            _memory?.Unpin();
    }
}
