#pragma warning disable RS0030 // The one place that blocks.
using System.Runtime.CompilerServices;

namespace DmIoUring.Threading;

/// <summary>
/// The library's lock, held for a few instructions, or while a ring is made for a thread; what may take longer has a <see cref="TryLock"/>. A
/// <see cref="Thread.Interrupt"/> does not end the wait for it, because returning a page or serving a waiter can't stop half way. The interrupt is kept for
/// the thread's next wait that allows one.
/// </summary>
internal sealed class UninterruptedLock
{
    private readonly Lock _lock = new();

    /// <summary>Enters; disposing the scope leaves. The lock is recursive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Enter()
    {
        if (!_lock.TryEnter())
            EnterContended();
        return new Scope(_lock);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterContended() => UninterruptedWait.Run(_lock, static entered => entered.Enter());

    /// <summary>As long as the lock is held.</summary>
    public readonly ref struct Scope
    {
        private readonly Lock _held;

        internal Scope(Lock held) => _held = held;

        public void Dispose() => _held.Exit();
    }
}
