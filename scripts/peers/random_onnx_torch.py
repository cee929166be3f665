"""Random torch modules, exported by either of torch's exporters, for random_onnx.py."""

import contextlib
import io

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# The older exporter has no symbol for torch's fused attention.
torch.backends.mha.set_fastpath_enabled(False)


class Call(nn.Module):
    """A function as a module, with the modules that it needs."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *self.parts)


class Tokens(nn.Module):
    """A class token before the places, and positions."""

    def __init__(self, places, channels, last):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, channels))
        self.positions = nn.Parameter(torch.randn(1, places + 1, channels))
        self.last = last

    def forward(self, x):
        token = self.token.expand(x.shape[0], -1, -1)
        return torch.cat((x, token) if self.last else (token, x), dim=1) + self.positions


class Attention(nn.Module):
    """As timm's."""

    def __init__(self, channels, heads, fused):
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x):
        batch, places, channels = x.shape
        parts = self.qkv(x).reshape(batch, places, 3, self.heads, channels // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            y = functional.scaled_dot_product_attention(q, k, v)
        else:
            y = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return x + self.out(y.transpose(1, 2).reshape(batch, places, channels))


class Windows(nn.Module):
    """Attention within windows of two by two, as in Swin."""

    def __init__(self, channels, shift):
        super().__init__()
        self.attention = Attention(channels, 1, False)
        self.shift = shift

    def forward(self, x):
        batch, channels, height, width = x.shape
        y = x.permute(0, 2, 3, 1)
        y = torch.roll(y, (self.shift, self.shift), (1, 2)) if self.shift else y
        y = y.view(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        y = self.attention(y.reshape(-1, 4, channels))
        y = y.view(batch, height // 2, width // 2, 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        return x + y.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


class Heads(nn.Module):
    def __init__(self, channels, weights):
        super().__init__()
        self.attention = nn.MultiheadAttention(channels, 2 if channels % 2 == 0 else 1, batch_first=True)
        self.weights = weights

    def forward(self, x):
        return x + self.attention(x, x, x, need_weights=self.weights)[0]


class Maker:
    """Grows a chain of modules; `x` is what comes out of it."""

    def __init__(self, random, x):
        self.random, self.x, self.modules = random, x, []

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def add(self, module):
        module = module.eval()
        with torch.no_grad():
            self.x = module(self.x)
        self.modules.append(module)

    def activation(self):
        return self.pick(nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.ELU,
                         nn.SELU, nn.GELU, nn.LeakyReLU, nn.PReLU, nn.Softsign, nn.Identity,
                         lambda: nn.GELU(approximate="tanh"), lambda: nn.Hardtanh(-0.5, 0.75), nn.CELU,
                         lambda: nn.CELU(0.5))()

    def single(self):
        dims = list(range(1, self.x.dim()))
        return self.pick(self.activation, self.activation, lambda: nn.Dropout(0.5),
                         lambda: nn.Softmax(dim=int(self.pick(*dims, -1))),
                         lambda: Call(lambda x: x * 0.5 + x.mean(dim=-1, keepdim=True)),
                         lambda: Call(lambda x: x / (1.5 + x.abs())),
                         lambda: Call(lambda x: functional.normalize(x, dim=-1)),
                         lambda: Call(lambda x: torch.clamp(x, min=-0.25)))()

    def image(self):
        channels, height, width = self.x.shape[1:]
        if height * width > 150:
            return nn.MaxPool2d(2)
        kernel = int(self.pick(1, 3 if min(height, width) > 2 else 1, 2 if min(height, width) > 1 else 1))
        stride = int(self.pick(1, 1, 2))
        out = int(self.pick(2, 4, 6))
        options = [
            lambda: nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=bool(self.random.integers(2))),
            lambda: nn.Sequential(nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels),
                                  nn.BatchNorm2d(channels), self.activation()),
            lambda: nn.Conv2d(channels, out, kernel, padding="same"),
            lambda: nn.BatchNorm2d(channels),
            lambda: nn.InstanceNorm2d(channels, affine=True) if height * width > 1 else nn.Identity(),
            lambda: nn.GroupNorm(int(self.pick(1, channels)), channels),
            lambda: Call(lambda x, norm: norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), nn.LayerNorm(channels)),
            lambda: nn.MaxPool2d(kernel, stride, kernel // 2, ceil_mode=bool(self.random.integers(2))),
            lambda: nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=bool(self.random.integers(2))),
            lambda: nn.Upsample(scale_factor=2, mode=self.pick("nearest", "bilinear")),
            lambda: nn.ConvTranspose2d(channels, 3, kernel + 1, 2, bias=True),
            lambda: nn.ZeroPad2d((1, 0, 2, 1)),
            lambda: Call(lambda x, a: x + a(x), nn.Conv2d(channels, channels, 3, padding=1)),
            lambda: Call(lambda x, a: torch.cat([x, a(x)], 1), nn.Conv2d(channels, 2, 1)),
            lambda: Call(lambda x, a: x * torch.sigmoid(a(x.mean((2, 3), keepdim=True))),
                         nn.Conv2d(channels, channels, 1)),
            lambda: Call(lambda x: sum(x.chunk(2, dim=1))) if channels % 2 == 0 else nn.Identity(),
            lambda: Call(lambda x: x.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2))
            if channels % 2 == 0 else nn.Identity(),
            lambda: nn.PixelShuffle(2) if channels % 4 == 0 else nn.Identity(),
            lambda: Windows(channels, int(self.pick(0, 1))) if height % 2 == width % 2 == 0 else nn.Identity(),
            lambda: Call(lambda x: x[:, :, 1:, ::2]) if height > 1 else nn.Identity(),
            lambda: Call(lambda x: x.flatten(2).transpose(1, 2)),
            self.single, self.single]
        return self.pick(*options)()

    def row(self):
        places, channels = self.x.shape[1:]
        kernel = int(self.pick(1, 2, 3))
        options = [
            lambda: nn.Linear(channels, int(self.pick(4, 6))), lambda: nn.LayerNorm(channels),
            lambda: Attention(channels, 2 if channels % 2 == 0 else 1, bool(self.random.integers(2))),
            lambda: Heads(channels, bool(self.random.integers(2))),
            lambda: nn.TransformerEncoderLayer(channels, 1, 8, batch_first=True,
                                               norm_first=bool(self.random.integers(2)),
                                               activation=self.pick("relu", "gelu")),
            lambda: Tokens(places, channels, bool(self.random.integers(2))),
            lambda: nn.Conv1d(places, int(self.pick(3, 4)), kernel, padding=kernel // 2),
            lambda: Call(lambda x, a: a(x.transpose(1, 2)).transpose(1, 2),
                         nn.Conv1d(channels, 4, kernel, stride=int(self.pick(1, 2)), padding=kernel - 1)),
            lambda: nn.Sequential(nn.Conv1d(places, places, 1, groups=places), nn.BatchNorm1d(places), nn.ReLU()),
            lambda: nn.MaxPool1d(2, 1, 1), lambda: nn.AvgPool1d(2, 1, 1),
            lambda: Call(lambda x, a: x + a(x.transpose(1, 2)).transpose(1, 2), nn.Linear(places, places)),
            self.single]
        return self.pick(*options)()

    def head(self):
        if self.x.dim() == 4:
            self.add(self.pick(lambda: nn.AdaptiveAvgPool2d(1), lambda: nn.AdaptiveMaxPool2d(1), nn.Identity)())
        if self.x.dim() == 3:
            self.add(self.pick(lambda: Call(lambda x: x[:, 0]), lambda: Call(lambda x: x.mean(1)), nn.Flatten)())
        self.add(nn.Flatten())
        self.add(nn.Linear(self.x.shape[1], 3))


def grown(random):
    """A module and the shape of a sample."""
    torch.manual_seed(int(random.integers(2**31)))
    maker = Maker(random, torch.zeros(1))
    shape = maker.pick([int(maker.pick(3, 4)), 8, int(maker.pick(6, 10))], [6, 4])
    maker.x = torch.randn(1, *shape)
    for _ in range(int(random.integers(2, 7))):
        maker.add(maker.image() if maker.x.dim() == 4 else maker.row())
    if maker.random.random() < 0.7:
        maker.head()
    model = nn.Sequential(*maker.modules).eval()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith("running_var"):
            nn.init.uniform_(tensor, 0.6, 1.4)
        elif tensor.is_floating_point() and (name.endswith("running_mean") or not tensor.any()):
            nn.init.normal_(tensor, 0, 0.1)
    return model, shape


def make(random, file, dynamo):
    model, shape = grown(random)
    x = torch.randn(2 if dynamo else 1, *shape)
    options = (dict(dynamo=True, external_data=False, verbose=False,
                    dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},)) if dynamo else
               dict(dynamo=False, opset_version=int(random.choice([14, 16, 17])),
                    dynamic_axes={"x": {0: "batch"}}))
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        torch.onnx.export(model, (x,), str(file), input_names=["x"], **options)
    made = [type(module).__name__ for module in model.modules() if not list(module.children())]
    return [name for name in made if name not in ("Sequential", "Identity")], shape


def make_script(random, file):
    return make(random, file, False)


def make_dynamo(random, file):
    return make(random, file, True)
