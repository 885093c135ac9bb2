#pragma warning disable CS9216 // A monitor is what it is made of.
#pragma warning disable RS0030 // It is the type that others stand on.
namespace System.Threading;

/// <summary>.NET 9's lock for .NET 8, on the monitor of the object itself. As there, the wait for it ends by <see cref="Thread.Interrupt"/>.</summary>
[Microsoft.CodeAnalysis.Embedded]
internal sealed class Lock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);

    public void Enter() => Monitor.Enter(this);

    public bool TryEnter() => Monitor.TryEnter(this);

    public void Exit() => Monitor.Exit(this);

    public Scope EnterScope()
    {
        Monitor.Enter(this);
        return new Scope(this);
    }

    public readonly ref struct Scope
    {
        private readonly Lock _held;

        internal Scope(Lock held) => _held = held;

        public void Dispose() => Monitor.Exit(_held);
    }
}
