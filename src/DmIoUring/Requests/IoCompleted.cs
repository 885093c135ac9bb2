namespace DmIoUring;

/// <summary>
/// Called once when a request has ended: as <see cref="IoNotify"/>, with the number of bytes and a second word of context, so that an adapter to another
/// interface needs no object for each request.
/// </summary>
/// <param name="result">How it ended.</param>
/// <param name="bytes">
/// The bytes that were read, or written to all regions together; 0 when a region failed or is unsupported, and for what has no data: a flush, a discard, zeroes.
/// Less than the regions' sizes only for a read of a file's odd end (<see cref="BlockDevice.SectorCount"/>).
/// </param>
/// <param name="context">What the caller gave with the request.</param>
/// <param name="tag">The number that the caller gave with it.</param>
/// <inheritdoc cref="IoNotify" path="/remarks"/>
public delegate void IoCompleted(IoResult result, long bytes, object? context, long tag);
