namespace DmIoUring.Cli.Devices;

/// <summary>One thing that lies on another: what is written to either changes both.</summary>
/// <param name="Upper">The identity of what lies on it (<see cref="StorageIdentity"/>).</param>
/// <param name="UpperName">Its path.</param>
/// <param name="Lower">The identity of what it lies on.</param>
/// <param name="LowerName">Its path.</param>
/// <param name="Kind">How.</param>
internal sealed record StorageLink(string Upper, string UpperName, string Lower, string LowerName, StorageLinkKind Kind);
