namespace DmIoUring.Cli.Stress;

/// <summary>How the library is asked.</summary>
internal enum CallWay : byte
{
    Synchronous,
    Callback,

    /// <summary>As <see cref="Callback"/>, without waiting for a reserve; another way is taken where it says no.</summary>
    TryCallback,
    Awaited,
}
